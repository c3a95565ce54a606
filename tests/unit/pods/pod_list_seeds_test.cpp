// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <random>

#define MUS_FUZZ_SEEDS
#include "fuzz/pod_list_fuzz.cpp"
#include "support/temp_dir.hpp"

TEST_CASE("the fuzzer's seeds and damaged captures leave the pod list parser's promises intact") {
  namespace fs = std::filesystem;
  std::mt19937 random{1};
  int files = 0;
  for (const std::string folder :
       {"fuzz/pod_list", "kubelet-1.20.2-cgroupfs-containerd-1.6", "kubelet-1.36.2-cgroupfs-containerd-2.1"}) {
    for (const auto& file : fs::directory_iterator{fs::path{MUS_FIXTURES} / folder}) {
      if (file.path().extension() != ".json") continue;
      ++files;
      const auto whole = mus::test::fixture(fs::path{folder} / file.path().filename());
      mus::fuzz::pod_list(whole);
      for (int round = 0; round < 200; ++round) {
        auto damaged = whole;
        for (int i = 0; i < 3; ++i) damaged[random() % damaged.size()] = static_cast<char>(random() % 256);
        mus::fuzz::pod_list(damaged);
      }
    }
  }
  CHECK(files >= 12);
}
