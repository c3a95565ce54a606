// SPDX-License-Identifier: Apache-2.0
#include "kernel/preflight.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>

#include "kernel/sysfs.hpp"
#include "support/temp_dir.hpp"

using namespace mus;
using mus::test::TempDir;

namespace {

void write(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << text << '\n';
}

const CheckItem& item(const std::vector<CheckItem>& items, const std::string& name) {
  const auto found = std::find_if(items.begin(), items.end(), [&](const auto& i) { return i.name == name; });
  REQUIRE(found != items.end());
  return *found;
}

}  // namespace

TEST_CASE("a kernel without sched_ext is a failure that says which configuration it takes") {
  const TempDir root;
  write(root.path() / "sys/devices/system/cpu/possible", "0-1");
  const auto items = check_kernel(root.str() + "/sys", root.str() + "/proc");
  CHECK(item(items, "sched_ext").level == CheckItem::Level::failure);
  CHECK(item(items, "sched_ext").advice.find("CONFIG_SCHED_CLASS_EXT") != std::string::npos);
}

TEST_CASE("another scheduler in the slot is a failure that names it") {
  const TempDir root;
  write(root.path() / "sys/kernel/sched_ext/state", "enabled");
  write(root.path() / "sys/kernel/sched_ext/root/ops", "lavd_1.0");
  const auto items = check_kernel(root.str() + "/sys", root.str() + "/proc");
  CHECK(item(items, "sched_ext").level == CheckItem::Level::failure);
  CHECK(item(items, "sched_ext").detail.find("lavd_1.0") != std::string::npos);
}

TEST_CASE("our own scheduler in the slot is well") {
  const TempDir root;
  write(root.path() / "sys/kernel/sched_ext/state", "enabled");
  write(root.path() / "sys/kernel/sched_ext/root/ops", "mus");
  CHECK(item(check_kernel(root.str() + "/sys", root.str() + "/proc"), "sched_ext").level == CheckItem::Level::ok);
}

TEST_CASE("isolated CPUs are a failure that names the parameter") {
  const TempDir root;
  write(root.path() / "sys/devices/system/cpu/possible", "0-7");
  write(root.path() / "sys/devices/system/cpu/isolated", "2-3");
  const auto items = check_kernel(root.str() + "/sys", root.str() + "/proc");
  CHECK(item(items, "CPUs").level == CheckItem::Level::failure);
  CHECK(item(items, "CPUs").advice.find("isolcpus") != std::string::npos);
}

TEST_CASE("capabilities: BPF with PERFMON or SYS_ADMIN will do, one alone will not") {
  const TempDir root;
  const auto level = [&](const std::string& effective) {
    write(root.path() / "proc/self/status", "Name:\tx\nCapEff:\t" + effective);
    return item(check_kernel(root.str() + "/sys", root.str() + "/proc"), "capabilities").level;
  };
  CHECK(level("000000c000000000") == CheckItem::Level::ok);
  CHECK(level("0000000000200000") == CheckItem::Level::ok);
  CHECK(level("0000008000000000") == CheckItem::Level::failure);
  CHECK(level("0000000000000000") == CheckItem::Level::failure);
}

TEST_CASE("CPU lists end where their last number says") {
  CHECK(cpu_list_end("0-3") == 4U);
  CHECK(cpu_list_end("0") == 1U);
  CHECK(cpu_list_end("0-3,8,12-15") == 16U);
  CHECK_FALSE(cpu_list_end(""));
  CHECK_FALSE(cpu_list_end("0-x"));
}
