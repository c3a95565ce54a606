// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <random>
#include <sstream>

#define MUS_FUZZ_SEEDS
#include "fuzz/kube_layout_fuzz.cpp"
#include "fuzz/proc_cgroup_fuzz.cpp"
#include "support/temp_dir.hpp"

namespace {

template <class Promise>
int run(const std::string& folder, Promise promise) {
  std::mt19937 random{1};
  int files = 0;
  for (const auto& file : std::filesystem::directory_iterator{std::filesystem::path{MUS_FIXTURES} / folder}) {
    ++files;
    const auto whole = mus::test::fixture(std::filesystem::path{folder} / file.path().filename());
    promise(whole);
    for (std::size_t length = 0; length < whole.size(); ++length) promise(std::string_view{whole}.substr(0, length));
    for (int round = 0; round < 500 && !whole.empty(); ++round) {
      auto damaged = whole;
      damaged[random() % damaged.size()] = "/.-_0apods\n "[random() % 12];
      promise(damaged);
    }
  }
  return files;
}

}  // namespace

TEST_CASE("the fuzzer's seeds, cut and damaged, leave the promises of the layout's grammar intact") {
  CHECK(run("fuzz/kube_layout", mus::fuzz::kube_layout) >= 4);
  std::istringstream lines{mus::test::fixture("kubelet-1.20.2-cgroupfs-containerd-1.6/cgroup-tree.txt")};
  for (std::string line; std::getline(lines, line);) mus::fuzz::kube_layout(line);
}

TEST_CASE("the fuzzer's seeds, cut and damaged, leave the promises of /proc's parser intact") {
  CHECK(run("fuzz/proc_cgroup", mus::fuzz::proc_cgroup) >= 4);
}
