// SPDX-License-Identifier: Apache-2.0
// What the files on the way to a cgroup say.
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "support/cgroup_fixture.hpp"

using namespace mus;
using mus::test::CgroupFixture;

namespace {

void write(const CgroupFixture& fixture, const std::string& path, const std::string& file, const std::string& text) {
  std::ofstream{fixture.root() / path.substr(1) / file} << text;
}

}  // namespace

TEST_CASE("each level on the path is read, from the top to the cgroup", "[levels]") {
  const CgroupFixture fixture;
  const auto leaf = fixture.add("/kubepods.slice/pod1/c1");
  write(fixture, "/kubepods.slice", "cpu.weight", "79\n");
  write(fixture, "/kubepods.slice", "cpu.max", "max 100000\n");
  write(fixture, "/kubepods.slice", "cpu.idle", "0\n");
  write(fixture, "/kubepods.slice/pod1", "cpu.weight", "4\n");
  write(fixture, "/kubepods.slice/pod1", "cpu.max", "50000 100000\n");
  write(fixture, "/kubepods.slice/pod1/c1", "cpu.weight", "0\n");
  write(fixture, "/kubepods.slice/pod1/c1", "cpu.idle", "1\n");
  write(fixture, "/kubepods.slice/pod1/c1", "cpu.max", "250000 100000\n");
  const auto levels = fixture.tree().levels(leaf);
  REQUIRE(levels);
  REQUIRE(levels->size() == 3);
  CHECK(levels->at(0).cgroup == fixture.at("/kubepods.slice"));
  CHECK(levels->at(0).weight == 79);
  CHECK(levels->at(0).limit == 0);
  CHECK_FALSE(levels->at(0).idle);
  CHECK(levels->at(1).cgroup == fixture.at("/kubepods.slice/pod1"));
  CHECK(levels->at(1).weight == 4);
  CHECK(levels->at(1).limit == Catch::Approx(0.5));
  CHECK(levels->at(2).cgroup == leaf);
  CHECK(levels->at(2).idle);
  CHECK(levels->at(2).limit == Catch::Approx(2.5));
}

TEST_CASE("files that are missing or hold something else leave their field empty", "[levels]") {
  const CgroupFixture fixture;
  const auto leaf = fixture.add("/a");
  const auto only = [&] {
    const auto levels = fixture.tree().levels(leaf);
    REQUIRE(levels);
    return levels->at(0);
  };
  CHECK_FALSE(only().weight);
  CHECK_FALSE(only().idle);
  CHECK(only().limit == 0);
  for (const std::string text : {"", "\n", "x", "-1", "100 ", "1e3", "99999999999999999999", "10001"}) {
    write(fixture, "/a", "cpu.weight", text);
    CHECK_FALSE(only().weight);
  }
  for (const std::string text : {"", "max", "100", "100 0", "100 x", "x 100", " ", "-5 100", "1 2 3"}) {
    write(fixture, "/a", "cpu.max", text);
    CHECK(only().limit == 0);
  }
}

TEST_CASE("a cgroup that has gone, or been made anew, is not taken for the one that was meant", "[levels]") {
  const CgroupFixture fixture;
  auto leaf = fixture.add("/a/b");
  leaf.id = CgroupId{to_u64(leaf.id) + 1};
  CHECK(fixture.tree().levels(leaf).error().code == Errc::not_found);
  CHECK(fixture.tree().levels({CgroupId{1}, "/a/c"}).error().code == Errc::not_found);
  for (const std::string path : {"/", "", "a", "/a/../a", "/a/"}) {
    CHECK(fixture.tree().levels({CgroupId{1}, path}).error().code == Errc::invalid_argument);
  }
}

TEST_CASE("the directories in one are listed with their ids, files and links are not", "[levels]") {
  const CgroupFixture fixture;
  fixture.add("/b");
  const auto inner = fixture.add("/a/x");
  write(fixture, "/a", "cpu.weight", "1");
  std::filesystem::create_directory_symlink(fixture.root() / "b", fixture.root() / "a" / "link");
  CHECK(fixture.tree().children({{}, "/"}) == std::vector<Cgroup>{fixture.at("/a"), fixture.at("/b")});
  CHECK(fixture.tree().children(fixture.at("/a")) == std::vector<Cgroup>{inner});
  CHECK(fixture.tree().children({{}, "/gone"}).empty());
  CHECK(fixture.tree().children({{}, "/a/../a"}).empty());
}
