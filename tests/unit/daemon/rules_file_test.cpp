// SPDX-License-Identifier: Apache-2.0
#include "daemon/rules_file.hpp"

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>

#include "support/temp_dir.hpp"

namespace mus {
namespace {

struct OnDisk {
  test::TempDir dir;
  std::string path = dir.path().string() + "/rules.json";
  RulesFile file{path, dir.path().string()};
};

TEST_CASE_METHOD(OnDisk, "a file that is not there is none, and is noticed when it comes and when it changes") {
  CHECK(file.changed());
  CHECK(file.load().error().code == Errc::not_found);
  CHECK_FALSE(file.changed());
  std::ofstream(path) << "one";
  CHECK(file.changed());
  CHECK(file.load() == "one");
  CHECK_FALSE(file.changed());
  std::filesystem::remove(path);
  CHECK(file.changed());
}

TEST_CASE_METHOD(OnDisk, "a link that is turned to another file of the same length is a change, as with a ConfigMap") {
  std::ofstream(dir.path() / "a") << "one";
  std::ofstream(dir.path() / "b") << "two";
  std::filesystem::create_symlink("a", path);
  CHECK(file.load() == "one");
  std::filesystem::remove(path);
  std::filesystem::create_symlink("b", path);
  CHECK(file.changed());
  CHECK(file.load() == "two");
}

TEST_CASE_METHOD(OnDisk, "what we have written ourselves is no change") {
  REQUIRE(file.save("mine"));
  CHECK_FALSE(file.changed());
  CHECK(file.load() == "mine");
}

TEST_CASE("where nobody may write, it says what to do") {
  RulesFile file("/proc/nowhere/rules.json", "/proc/nowhere");
  const auto refused = file.save("x");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unavailable);
  CHECK(refused.error().advice.find("--rules") != std::string::npos);
  CHECK_FALSE(file.set_paused(true));
}

TEST_CASE_METHOD(OnDisk, "paused is kept beside the boosts") {
  CHECK_FALSE(file.paused());
  REQUIRE(file.set_paused(true));
  CHECK(RulesFile(path, dir.path().string()).paused());
  REQUIRE(file.set_paused(false));
  REQUIRE(file.set_paused(false));
  CHECK_FALSE(file.paused());
}

}  // namespace
}  // namespace mus
