// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <random>

#define MUS_FUZZ_SEEDS
#include "fuzz/log_link_fuzz.cpp"
#include "fuzz/oci_bundle_fuzz.cpp"
#include "support/temp_dir.hpp"

namespace {

/// Each seed as it is, cut off and damaged. How many there were.
int replay(const std::string& target, void (*run)(std::string_view)) {
  namespace fs = std::filesystem;
  std::mt19937 random{1};
  int files = 0;
  for (const auto& file : fs::directory_iterator{fs::path{MUS_FIXTURES} / "fuzz" / target}) {
    ++files;
    const auto whole = mus::test::fixture(fs::path{"fuzz"} / target / file.path().filename());
    run(whole);
    for (int round = 0; round < 200; ++round) {
      auto damaged = whole;
      for (int i = 0; i < 3; ++i) damaged[random() % damaged.size()] = static_cast<char>(random() % 256);
      run(damaged);
      run(std::string_view{whole}.substr(0, random() % whole.size()));
    }
  }
  return files;
}

}  // namespace

TEST_CASE("the fuzzer's seeds, cut off and damaged, leave the bundle parser's promises intact") {
  CHECK(replay("oci_bundle", mus::fuzz::oci_bundle) >= 13);
}

TEST_CASE("the fuzzer's seeds, cut off and damaged, leave the promises of reading links intact") {
  CHECK(replay("log_link", mus::fuzz::log_link) >= 7);
}
