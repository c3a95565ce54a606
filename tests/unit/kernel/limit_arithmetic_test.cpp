// SPDX-License-Identifier: Apache-2.0
// What is left of a cpu.max from period to period: the arithmetic of bpf/policy.bpf.h, compiled natively.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cstdint>

#include "../../../bpf/policy.bpf.h"

namespace {

constexpr std::uint64_t kLimitMs = MUS_NSEC_PER_MSEC;

constexpr std::int64_t budget_ms(std::int64_t n) {
  return n * static_cast<std::int64_t>(kLimitMs);
}

std::int64_t refilled(std::int64_t budget, std::uint64_t quota, std::uint64_t burst, std::uint64_t periods = 1) {
  return mus_refill(budget, quota, mus_full_budget(quota, burst), periods);
}

}  // namespace

TEST_CASE("a period brings a quota, and what was run beyond the last one is paid back", "[limit]") {
  CHECK(refilled(0, 20 * kLimitMs, 0) == budget_ms(20));
  CHECK(refilled(budget_ms(-8), 20 * kLimitMs, 0) == budget_ms(12));
  CHECK(refilled(budget_ms(-50), 20 * kLimitMs, 0, 2) == budget_ms(-10));
}

TEST_CASE("a debt is at most a quota and 200 ms", "[limit]") {
  CHECK(refilled(budget_ms(-5000), 20 * kLimitMs, 0) == budget_ms(-200));
  CHECK(refilled(budget_ms(-5000), 20 * kLimitMs, 0, 11) == budget_ms(0));
}

TEST_CASE("what was not used is kept up to the burst and a quarter of the quota, 4 ms at most", "[limit]") {
  CHECK(refilled(budget_ms(20), 20 * kLimitMs, 0, 1000) == budget_ms(24));
  CHECK(refilled(budget_ms(20), 20 * kLimitMs, 30 * kLimitMs, 1000) == budget_ms(54));
  CHECK(refilled(budget_ms(8), 8 * kLimitMs, 0) == budget_ms(10));
  CHECK(refilled(budget_ms(500), 20 * kLimitMs, 0) == budget_ms(24));  // the limit was larger until now
}

TEST_CASE("no time away overflows a budget", "[limit]") {
  const std::uint64_t most = (1ULL << 54U) - 1;  // MAX_BW_RUNTIME
  const auto full = mus_full_budget(most, most);
  CHECK(refilled(0, most, most, ~0ULL) == full);
  CHECK(refilled(-full, most, most, ~0ULL) == full);
  CHECK(refilled(0, 1, 0, ~0ULL) == 1);
}

// Of 200 permille in a pod of 400 where a tick of 4 ms more or less goes to the container in turn: what it gets one
// time it is short of the other.
TEST_CASE("a container that its pod stops a tick early by turns uses its whole quota all the same", "[limit]") {
  constexpr std::uint64_t quota = 20 * kLimitMs;
  constexpr int periods = 1000;
  std::int64_t budget = budget_ms(20);
  std::int64_t used = 0;
  for (int i = 0; i < periods; ++i) {
    const std::int64_t offered = i % 2 == 0 ? budget_ms(16) : budget_ms(24);
    const auto runs = std::min(offered, budget);
    used += runs;
    budget = refilled(budget - runs, quota, 0);
  }
  CHECK(used >= budget_ms(20) * periods * 99 / 100);
  CHECK(used <= budget_ms(20) * periods * 101 / 100);
}
