// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#define MUS_FUZZ_SEEDS
#include "fuzz/state_file_fuzz.cpp"

TEST_CASE("the fuzzer's seeds and damaged state files leave the reader's promises intact", "[state]") {
  namespace fs = std::filesystem;
  std::mt19937 random{1};
  int files = 0;
  for (const auto& file : fs::directory_iterator{fs::path{MUS_FIXTURES} / "fuzz/state_file"}) {
    ++files;
    std::ifstream in(file.path(), std::ios::binary);
    const std::string whole{std::istreambuf_iterator<char>(in), {}};
    REQUIRE_FALSE(whole.empty());
    mus::fuzz::state_file(whole);
    for (int round = 0; round < 500; ++round) {
      auto damaged = whole;
      for (int i = 0; i < 2; ++i) damaged[random() % damaged.size()] = static_cast<char>(random() % 256);
      mus::fuzz::state_file(damaged);
      mus::fuzz::state_file(std::string_view(whole).substr(0, random() % whole.size()));
    }
  }
  CHECK(files == 8);
}
