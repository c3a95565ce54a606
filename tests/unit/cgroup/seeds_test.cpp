// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch_test_macros.hpp>
#include <sstream>

#define MUS_FUZZ_SEEDS
#include "fuzz/kube_layout_fuzz.cpp"
#include "fuzz/proc_cgroup_fuzz.cpp"
#include "support/seeds.hpp"

namespace {
constexpr std::string_view kOfPaths = "/.-_0apods\n ";
}

TEST_CASE("the fuzzer's seeds, cut and damaged, leave the promises of the layout's grammar intact") {
  CHECK(mus::test::replay_seeds("fuzz/kube_layout", mus::fuzz::kube_layout, kOfPaths) >= 4);
  std::istringstream lines{mus::test::fixture("kubelet-1.20.2-cgroupfs-containerd-1.6/cgroup-tree.txt")};
  for (std::string line; std::getline(lines, line);) mus::fuzz::kube_layout(line);
}

TEST_CASE("the fuzzer's seeds, cut and damaged, leave the promises of /proc's parser intact") {
  CHECK(mus::test::replay_seeds("fuzz/proc_cgroup", mus::fuzz::proc_cgroup, kOfPaths) >= 4);
}
