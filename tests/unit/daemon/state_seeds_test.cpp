// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch_test_macros.hpp>

#define MUS_FUZZ_SEEDS
#include "fuzz/state_file_fuzz.cpp"
#include "support/seeds.hpp"

TEST_CASE("the fuzzer's seeds, cut and damaged, leave the promises of the state file's reader intact", "[state]") {
  CHECK(mus::test::replay_seeds("fuzz/state_file", mus::fuzz::state_file) == 8);
}
