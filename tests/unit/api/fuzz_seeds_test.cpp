// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch_test_macros.hpp>

#define MUS_FUZZ_SEEDS
#include "fuzz/request_parameters_fuzz.cpp"
#include "support/seeds.hpp"

TEST_CASE("the fuzzer's seeds, cut and damaged, leave the promises of the request parsers intact") {
  CHECK(mus::test::replay_seeds("fuzz/request_parameters", mus::fuzz::request_parameters) >= 10);
}
