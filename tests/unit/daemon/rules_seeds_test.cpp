// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch_test_macros.hpp>

#define MUS_FUZZ_SEEDS
#include "fuzz/rules_fuzz.cpp"
#include "support/seeds.hpp"

TEST_CASE("the fuzzer's seeds, cut and damaged, leave the promises of the rules' reader intact", "[rules]") {
  CHECK(mus::test::replay_seeds("fuzz/rules", mus::fuzz::rules) == 3);
}
