// SPDX-License-Identifier: Apache-2.0
// Levels of the tree, by which limits are lifted, and whether the tree has the cpu controller at all.
#include <linux/magic.h>
#include <sys/vfs.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>

#include "cgroup/preflight.hpp"
#include "support/cgroup_fixture.hpp"

using namespace mus;
using namespace mus::test;

namespace {
bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}
}  // namespace

TEST_CASE("a directory's level is how many directories its path has") {
  const CgroupFixture node;
  CHECK(node.tree().level(node.add("/system.slice")).value() == 1);
  CHECK(node.tree().level(node.add("/kubepods.slice/a.slice/pod1.slice/c1.scope")).value() == 4);
}

TEST_CASE("in a part of the kernel's tree nobody can tell a level, and it says so") {
  struct statfs fs = {};
  const std::string root = "/sys/fs/cgroup";
  if (statfs(root.c_str(), &fs) != 0 || fs.f_type != CGROUP2_SUPER_MAGIC) SKIP("no cgroup v2 here");
  std::string part;
  for (const auto& entry : std::filesystem::directory_iterator(root)) {
    if (entry.is_directory()) part = entry.path().string();
  }
  if (part.empty()) SKIP("no cgroup but the root here");
  const auto level = CgroupFs{part, "/proc"}.level({CgroupId{5}, "/x"});
  REQUIRE_FALSE(level);
  CHECK(level.error().code == Errc::unsupported);
  CHECK(mentions(level.error().advice, "--cgroup-root"));
}

TEST_CASE("the cpu controller is looked for in cgroup.controllers, as a whole word") {
  const CgroupFixture node;
  const auto with = [&](const std::string& controllers) {
    std::ofstream{node.root() / "cgroup.controllers"} << controllers << "\n";
    return check_cpu_controller(node.root().string());
  };
  CHECK(check_cpu_controller(node.root().string()).error().code == Errc::unsupported);  // no such file
  CHECK(with("cpuset cpu io memory"));
  CHECK(with("cpu"));
  for (const auto* without : {"", "cpuset io memory", "cpuset,cpu"}) {
    const auto error = with(without).error();
    CHECK(error.code == Errc::unsupported);
    CHECK(mentions(error.message, "cgroup v1"));
    CHECK_FALSE(error.advice.empty());
  }
}
