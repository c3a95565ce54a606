// SPDX-License-Identifier: Apache-2.0
#include "kernel/enforcement.hpp"

#include <catch2/catch_test_macros.hpp>
#include <utility>

#include "kernel/btf.hpp"
#include "support/temp_dir.hpp"

using namespace mus;

namespace {

constexpr GroupScheduling kComplete{true, true, true, true};

const Enforcement& find(const std::vector<Enforcement>& settings, const std::string& name) {
  for (const auto& setting : settings) {
    if (setting.name == name) return setting;
  }
  FAIL("no entry for " + name);
  return settings.front();
}

Enforcement judged(const GroupScheduling& kernel, const std::string& name, const SchedulerOptions& options = {}) {
  const auto settings = judge(kernel, options);
  REQUIRE(settings.size() == 3);
  return find(settings, name);
}

}  // namespace

TEST_CASE("a kernel with all of group scheduling lets us enforce all of it", "[enforcement]") {
  for (const auto& setting : judge(kComplete, {})) {
    CAPTURE(setting.name);
    CHECK(setting.enforced);
    CHECK(setting.detail.empty());
    CHECK(setting.advice.empty());
  }
}

TEST_CASE("what the kernel's types lack is not enforced, and the reason names it", "[enforcement]") {
  auto kernel = kComplete;
  kernel.shares = false;
  kernel.idle = false;
  for (const auto& [name, member] : {std::pair{"cpu.weight", "shares"}, {"cpu.idle", "idle"}}) {
    const auto setting = judged(kernel, name);
    CHECK_FALSE(setting.enforced);
    CHECK_FALSE(setting.chosen);
    CHECK(setting.detail.find(member) != std::string::npos);
    CHECK(setting.advice.find("CONFIG_") != std::string::npos);
  }
  CHECK(judged(kernel, "cpu.max").enforced);
}

TEST_CASE("a kernel without limits has none that could be broken", "[enforcement]") {
  auto kernel = kComplete;
  kernel.bandwidth = false;
  kernel.ext_bandwidth = false;
  CHECK(judged(kernel, "cpu.max").enforced);
  CHECK_FALSE(judged(kernel, "cpu.max").detail.empty());
}

TEST_CASE("limits that exist for sched_ext alone are not enforced: they are not where we look", "[enforcement]") {
  auto kernel = kComplete;
  kernel.bandwidth = false;
  const auto setting = judged(kernel, "cpu.max");
  CHECK_FALSE(setting.enforced);
  CHECK(setting.advice.find("CONFIG_CFS_BANDWIDTH") != std::string::npos);
}

TEST_CASE("--cpu-weight off is a choice, not a failure of the kernel's", "[enforcement]") {
  SchedulerOptions options;
  options.cpu_weight = false;
  const auto setting = judged(kComplete, "cpu.weight", options);
  CHECK_FALSE(setting.enforced);
  CHECK(setting.chosen);
  CHECK(judged(kComplete, "cpu.max", options).enforced);
}

TEST_CASE("without sched_ext there is nothing to judge", "[enforcement]") {
  const test::TempDir root;
  const auto settings = check_enforcement({}, root.str());
  REQUIRE_FALSE(settings);
  CHECK(settings.error().code == Errc::unsupported);
}

TEST_CASE("members are found in the kernel's own types, and those that do not exist are not", "[enforcement]") {
  const auto btf = KernelBtf::load();
  if (!btf) SKIP("this kernel has no type information that can be read");
  CHECK(btf->has_member("task_struct", "prio"));
  CHECK_FALSE(btf->has_member("task_struct", "no_such_member"));
  CHECK_FALSE(btf->has_member("no_such_struct", "prio"));
  CHECK(btf->has_parameter("wake_up_process", "p"));
  CHECK_FALSE(btf->has_parameter("wake_up_process", "no_such_parameter"));
  CHECK_FALSE(btf->has_parameter("no_such_function", "p"));
}
