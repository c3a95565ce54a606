// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target over its seeds, so that every test run exercises it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <random>
#include <string>
#include <string_view>

#include "support/temp_dir.hpp"

namespace mus::test {

/// Calls `promise` with each file of a folder below tests/fixtures: as it is, cut off and damaged, by bytes of
/// `alphabet` if there is one. How many files there were. Always the same damage: a failure must come again.
template <class Promise>
int replay_seeds(const std::filesystem::path& folder, Promise promise, std::string_view alphabet = {}) {
  constexpr int kRounds = 500;
  constexpr std::size_t kCutEverywhere = 4096;  // longer ones are cut at random
  std::mt19937 random{1};
  int files = 0;
  for (const auto& file : std::filesystem::directory_iterator{std::filesystem::path{MUS_FIXTURES} / folder}) {
    ++files;
    const auto whole = fixture(folder / file.path().filename());
    promise(std::string_view{whole});
    for (std::size_t cut = 0; cut < whole.size() && whole.size() <= kCutEverywhere; ++cut) {
      promise(std::string_view{whole}.substr(0, cut));
    }
    for (int round = 0; round < kRounds && !whole.empty(); ++round) {
      promise(std::string_view{whole}.substr(0, random() % whole.size()));
      auto damaged = whole;
      for (int i = 0; i < 3; ++i) {
        damaged[random() % damaged.size()] =
            alphabet.empty() ? static_cast<char>(random() % 256) : alphabet[random() % alphabet.size()];
      }
      promise(std::string_view{damaged});
    }
  }
  return files;
}

}  // namespace mus::test
