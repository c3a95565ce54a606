// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch_test_macros.hpp>

#define MUS_FUZZ_SEEDS
#include "fuzz/declarations_fuzz.cpp"
#include "fuzz/log_link_fuzz.cpp"
#include "fuzz/oci_bundle_fuzz.cpp"
#include "fuzz/pod_list_fuzz.cpp"
#include "support/seeds.hpp"

using mus::test::replay_seeds;

TEST_CASE("the fuzzer's seeds and a kubelet's answers, cut and damaged, leave the pod list parser's promises intact") {
  CHECK(replay_seeds("fuzz/pod_list", mus::fuzz::pod_list) >= 6);
  for (const char* answers : {"kubelet-1.20.2-cgroupfs-containerd-1.6", "kubelet-1.20.2-systemd-containerd-1.6",
                              "kubelet-1.36.2-cgroupfs-containerd-2.1"}) {
    CHECK(replay_seeds(answers, mus::fuzz::pod_list) >= 3);
  }
}

TEST_CASE("the fuzzer's seeds, cut and damaged, leave the promises of reading annotations intact") {
  CHECK(replay_seeds("fuzz/declarations", mus::fuzz::declarations) >= 5);
}

TEST_CASE("the fuzzer's seeds, cut and damaged, leave the bundle parser's promises intact") {
  CHECK(replay_seeds("fuzz/oci_bundle", mus::fuzz::oci_bundle) >= 13);
}

TEST_CASE("the fuzzer's seeds, cut and damaged, leave the promises of reading links intact") {
  CHECK(replay_seeds("fuzz/log_link", mus::fuzz::log_link) >= 7);
}
