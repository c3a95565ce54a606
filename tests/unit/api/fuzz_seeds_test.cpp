// SPDX-License-Identifier: Apache-2.0
// Runs the fuzz target over its seeds and over cut and flipped variants of them, so that every test run exercises it.
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <random>
#include <string>

#define MUS_FUZZ_SEEDS
#include "fuzz/request_parameters_fuzz.cpp"
#include "support/temp_dir.hpp"

TEST_CASE("the request parsers survive the seed corpus and random damage to it") {
  std::mt19937 random(1);  // always the same damage: a failure must come again
  int seeds = 0;
  const auto folder = std::filesystem::path("fuzz/request_parameters");
  for (const auto& entry : std::filesystem::directory_iterator(MUS_FIXTURES / folder)) {
    const auto seed = mus::test::fixture(folder / entry.path().filename());
    ++seeds;
    mus::fuzz::request_parameters(seed);
    for (std::size_t cut = 0; cut < seed.size(); ++cut) mus::fuzz::request_parameters(seed.substr(0, cut));
    for (int i = 0; i < 300; ++i) {
      auto damaged = seed;
      for (int flips = 0; flips < 3; ++flips) damaged[random() % damaged.size()] = static_cast<char>(random());
      mus::fuzz::request_parameters(damaged);
    }
  }
  CHECK(seeds >= 10);
}
