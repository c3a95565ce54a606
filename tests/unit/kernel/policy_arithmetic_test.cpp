// SPDX-License-Identifier: Apache-2.0
// bpf/policy.bpf.h compiled natively: the same text that the BPF program is made of.
#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <limits>
#include <random>

#include "../../../bpf/policy.bpf.h"

namespace {
constexpr std::uint64_t kMs = MUS_NSEC_PER_MSEC;
}

TEST_CASE("virtual times compare across the wrap of 64 bits") {
  const std::uint64_t late = std::numeric_limits<std::uint64_t>::max() - 5;
  CHECK(mus_before(late, late + 10));
  CHECK_FALSE(mus_before(late + 10, late));
  CHECK_FALSE(mus_before(late, late));
}

TEST_CASE("run time costs vtime in inverse proportion to weight") {
  CHECK(mus_vtime_delta(4 * kMs, MUS_WEIGHT_ONE) == 4 * kMs);
  CHECK(mus_vtime_delta(4 * kMs, MUS_WEIGHT_BOOST) == 1 * kMs);
  CHECK(mus_vtime_delta(4 * kMs, MUS_WEIGHT_MIN) == 256 * kMs);
}

TEST_CASE("one charge is capped, so that a clock that jumps moves no task out of reach") {
  CHECK(mus_vtime_delta(std::numeric_limits<std::uint64_t>::max(), MUS_WEIGHT_ONE) == MUS_MAX_CHARGE_NS);
}

TEST_CASE("nice scales the policy's weight and never makes it zero") {
  CHECK(mus_effective_weight(MUS_WEIGHT_ONE, 100) == 1024);
  CHECK(mus_effective_weight(MUS_WEIGHT_BOOST, 100) == 4096);
  CHECK(mus_effective_weight(MUS_WEIGHT_MIN, 1) == 1);
  CHECK(mus_effective_weight(MUS_WEIGHT_MAX, 10000) == 10240000);
}

TEST_CASE("the clamp holds a task between lag behind and cap ahead of the clock, wherever the clock stands") {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t clock = random();
    // Live values stay within 2^62 of the clock: the comparison's half range, with room for lag and cap.
    const std::uint64_t vtime = clock + (random() >> 2) - (random() >> 2);
    const std::uint64_t cap = mus_forward_cap(MUS_WEIGHT_ONE + static_cast<std::uint32_t>(random() % 101376));
    const std::uint64_t clamped = mus_clamp_vtime(vtime, clock, MUS_LAG_NS, cap);
    const auto offset = static_cast<std::int64_t>(clamped - clock);
    REQUIRE(offset >= -static_cast<std::int64_t>(MUS_LAG_NS));
    REQUIRE(offset <= static_cast<std::int64_t>(cap));
    const auto before = static_cast<std::int64_t>(vtime - clock);
    if (before >= -static_cast<std::int64_t>(MUS_LAG_NS) && before <= static_cast<std::int64_t>(cap)) {
      REQUIRE(clamped == vtime);
    }
  }
}

TEST_CASE("the forward cap is the same real time at the heaviest weight") {
  CHECK(mus_forward_cap(MUS_WEIGHT_ONE) == MUS_MAX_AHEAD_NS);
  // At 102400 the clock moves a hundredth as fast: a hundredth of the vtime is as long a wait.
  CHECK(mus_forward_cap(MUS_WEIGHT_MAX) == MUS_MAX_AHEAD_NS / 100);
}

TEST_CASE("only a task that is behind in service may preempt, a boosted one without a granularity") {
  const std::uint64_t runner = 1000 * kMs;
  CHECK(mus_may_preempt(runner - 2 * kMs, runner, 0));
  CHECK_FALSE(mus_may_preempt(runner - kMs / 2, runner, 0));
  CHECK(mus_may_preempt(runner - kMs / 2, runner, 1));
  CHECK_FALSE(mus_may_preempt(runner, runner, 1));
  CHECK_FALSE(mus_may_preempt(runner + kMs, runner, 1));
}
