// SPDX-License-Identifier: Apache-2.0
// Runs the fuzz target over its seeds and over cut and flipped variants of them, so that every test run exercises it.
#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "fuzz/request_parameters.cpp"

namespace {

void run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

}  // namespace

TEST_CASE("the request parsers survive the seed corpus and random damage to it") {
  std::mt19937 random(1);  // always the same damage: a failure must come again
  int seeds = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(MUS_FIXTURES) / "../fuzz/seeds")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string seed{std::istreambuf_iterator<char>(file), {}};
    ++seeds;
    run(seed);
    for (std::size_t cut = 0; cut < seed.size(); ++cut) run(seed.substr(0, cut));
    for (int i = 0; i < 300; ++i) {
      auto damaged = seed;
      for (int flips = 0; flips < 3; ++flips) damaged[random() % damaged.size()] = static_cast<char>(random());
      run(damaged);
    }
  }
  CHECK(seeds >= 10);
}
