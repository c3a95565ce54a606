// SPDX-License-Identifier: Apache-2.0
// bpf/policy.bpf.h compiled natively: the same text that the BPF program is made of.
#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

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

// The same in integers that cannot overflow: what the 64-bit functions must agree with.
namespace model {
__extension__ using Wide = __int128;

Wide bounded(Wide load) {
  return std::clamp<Wide>(load, 1, MUS_LOAD_MAX);
}
Wide rate(Wide weight, Wide part, Wide whole) {
  const Wide exact = bounded(whole) * MUS_SHARE_ONE * MUS_RATE_ONE / bounded(part) / std::max<Wide>(weight, 1);
  return std::clamp<Wide>(exact, 1, MUS_RATE_MAX);
}
Wide delta(Wide ran, Wide rate) {
  constexpr std::uint64_t longest = MUS_MAX_CHARGE_NS;
  return std::min<Wide>(ran, longest) * rate / MUS_RATE_ONE;
}
}  // namespace model

namespace {

// Any magnitude is as likely as any other, extremes included.
std::uint64_t any_size(std::mt19937_64& random, unsigned bits) {
  return random() >> (64 - bits + random() % bits);
}

std::uint64_t rate_of(std::uint32_t weight) {
  return mus_rate(mus_boosted_share(MUS_SHARE_ONE, weight), MUS_LOAD_ONE, MUS_LOAD_ONE);
}

}  // namespace

TEST_CASE("rates and charges equal the model's at every size of weight, load and run time, and never overflow") {
  std::mt19937_64 random(11);
  for (int i = 0; i < 200000; ++i) {
    const auto weight = static_cast<std::uint32_t>(any_size(random, 32));
    const auto part = static_cast<std::uint32_t>(any_size(random, 32));
    const auto whole = static_cast<std::uint32_t>(any_size(random, 32));
    const std::uint64_t ran = any_size(random, 64);
    const std::uint64_t rate = mus_rate(weight, part, whole);
    REQUIRE(rate == static_cast<std::uint64_t>(model::rate(weight, part, whole)));
    REQUIRE(mus_vtime_delta(ran, rate) == static_cast<std::uint64_t>(model::delta(ran, rate)));
  }
}

TEST_CASE("run time costs vtime in inverse proportion to weight") {
  CHECK(mus_vtime_delta(4 * kMs, rate_of(MUS_WEIGHT_ONE)) == 4 * kMs);
  CHECK(mus_vtime_delta(4 * kMs, rate_of(MUS_WEIGHT_BOOST)) == 1 * kMs);
  CHECK(mus_vtime_delta(4 * kMs, rate_of(MUS_WEIGHT_MIN)) == 256 * kMs);
}

TEST_CASE("a boost multiplies a share, and what is too small or too large is rounded to what fits") {
  CHECK(mus_boosted_share(MUS_SHARE_ONE / 6, MUS_WEIGHT_BOOST) == MUS_SHARE_ONE / 6 * 4);
  CHECK(mus_boosted_share(MUS_SHARE_ONE / 2000, MUS_WEIGHT_ONE) == MUS_SHARE_MIN);
  CHECK(mus_boosted_share(MUS_SHARE_MAX, MUS_WEIGHT_MAX) == MUS_SHARE_MAX);
  CHECK(mus_newcomers_share(MUS_SHARE_ONE, 300, 100) == MUS_SHARE_ONE / 4);
  CHECK(mus_newcomers_share(MUS_SHARE_ONE, 0, 17) == MUS_SHARE_ONE);
  CHECK(mus_newcomers_share(1, 10000, 1) == 1);
  CHECK(mus_newcomers_share(MUS_SHARE_ONE, 0, 0) == 1);
}

TEST_CASE("vtime never goes back, and not running costs nothing") {
  std::mt19937_64 random(13);
  for (int i = 0; i < 20000; ++i) {
    const auto any = [&](unsigned bits) { return static_cast<std::uint32_t>(any_size(random, bits)); };
    const auto rate = mus_rate(any(32), any(14), any(20));
    const std::uint64_t ran = any_size(random, 40);
    REQUIRE(mus_vtime_delta(0, rate) == 0);
    REQUIRE(mus_vtime_delta(ran, rate) <= mus_vtime_delta(ran + 1 + random() % 1000000, rate));
  }
}

TEST_CASE("one charge is capped, so that a clock that jumps moves no task out of reach") {
  CHECK(mus_vtime_delta(std::numeric_limits<std::uint64_t>::max(), rate_of(MUS_WEIGHT_ONE)) == MUS_MAX_CHARGE_NS);
  CHECK(mus_vtime_delta(std::numeric_limits<std::uint64_t>::max(), MUS_RATE_MAX) < 1ULL << 62);
}

TEST_CASE("the threads of a cgroup together use up its weight, however many they are and whatever their nice") {
  std::mt19937_64 random(17);
  for (int i = 0; i < 2000; ++i) {
    const auto weight = MUS_WEIGHT_MIN + static_cast<std::uint32_t>(random() % (MUS_WEIGHT_MAX - MUS_WEIGHT_MIN));
    std::vector<std::uint32_t> threads(1 + random() % 64);
    for (auto& thread : threads) thread = 2 + static_cast<std::uint32_t>(random() % 8668);  // nice 19 to -20
    const auto total = std::accumulate(threads.begin(), threads.end(), 0U);
    // In one unit of virtual time each thread runs 1 / rate.
    double service = 0;
    for (const auto thread : threads)
      service += double(MUS_RATE_ONE) / double(mus_rate(mus_boosted_share(MUS_SHARE_ONE, weight), thread, total));
    REQUIRE(service == Catch::Approx(weight / 1024.0).epsilon(0.02));
  }
}

TEST_CASE("a load goes up at once and down by and by, and is never zero") {
  CHECK(mus_next_load(100, 1600) == 1600);
  CHECK(mus_next_load(1600, 100) == 1200);
  CHECK(mus_next_load(0, 0) == 1);
  CHECK(mus_next_load(100, std::numeric_limits<std::uint64_t>::max()) == MUS_LOAD_MAX);
  std::uint32_t load = MUS_LOAD_MAX;
  for (int i = 0; i < 100; ++i) load = mus_next_load(load, 100);
  CHECK(load == 100);
}

TEST_CASE("a task keeps its distance to the clock from queue to queue, wherever the clocks stand") {
  std::mt19937_64 random(19);
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t from = random(), to = random(), behind = any_size(random, 40);
    const std::uint64_t lead = any_size(random, 40) - behind;
    const std::uint64_t moved = from + lead + (to - from);
    REQUIRE(moved - to == lead);
    REQUIRE(mus_before(moved, to) == mus_before(from + lead, from));
  }
}

TEST_CASE(
    "a cache in which time passes a quarter faster than in another takes over a task, one where nobody waits too") {
  const auto window = MUS_PACE_WINDOW_NS;
  const auto full = mus_pace(window, window, 1), half = mus_pace(window / 2, window, 3);
  CHECK(mus_unbalanced(full, half));
  CHECK_FALSE(mus_unbalanced(half, full));
  CHECK_FALSE(mus_unbalanced(full, full));
  CHECK_FALSE(mus_unbalanced(full, full / 10 * 9));
  CHECK(mus_unbalanced(mus_pace(0, window, 0), full));
  CHECK_FALSE(mus_unbalanced(mus_pace(0, window, 0), mus_pace(0, window, 0)));
  // Half as much in half the time is the same pace.
  CHECK(mus_pace(window / 2, window / 2, 1) == Catch::Approx(double(full)).epsilon(0.01));
}

TEST_CASE("the clamp holds a task between lag behind and cap ahead of the clock, wherever the clock stands") {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t clock = random();
    // Live values stay within 2^62 of the clock: the comparison's half range, with room for lag and cap.
    const std::uint64_t vtime = clock + (random() >> 2) - (random() >> 2);
    const std::uint64_t cap =
        mus_forward_cap(MUS_SHARE_ONE + static_cast<std::uint32_t>(random() % (100UL * MUS_SHARE_ONE)));
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
  CHECK(mus_forward_cap(MUS_SHARE_ONE) == MUS_MAX_AHEAD_NS);
  // At a hundred times the share the clock moves a hundredth as fast: a hundredth of the vtime is as long a wait.
  CHECK(mus_forward_cap(100 * MUS_SHARE_ONE) == MUS_MAX_AHEAD_NS / 100);
}

TEST_CASE("only a task that is behind in service may preempt, a boosted one without a granularity") {
  const std::uint64_t runner = 1000 * kMs;
  CHECK(mus_may_preempt(runner - 2 * kMs, runner, 0));
  CHECK_FALSE(mus_may_preempt(runner - kMs / 2, runner, 0));
  CHECK(mus_may_preempt(runner - kMs / 2, runner, 1));
  CHECK_FALSE(mus_may_preempt(runner, runner, 1));
  CHECK_FALSE(mus_may_preempt(runner + kMs, runner, 1));
}

TEST_CASE("a wait is counted in the bucket whose bounds hold it, the last of which has no upper one") {
  CHECK(mus_wait_bucket(0) == 0);
  CHECK(mus_wait_bucket(~0ULL) == MUS_WAIT_BUCKETS - 1);
  for (std::uint32_t bucket = 0; bucket + 1 < MUS_WAIT_BUCKETS; ++bucket) {
    const auto bound = MUS_WAIT_UNIT_NS << bucket;
    CHECK(mus_wait_bucket(bound - 1) == bucket);
    CHECK(mus_wait_bucket(bound) == bucket + 1);
  }
  std::mt19937_64 random(23);
  for (int i = 0; i < 20000; ++i) {
    const auto wait = any_size(random, 64);
    const auto bucket = mus_wait_bucket(wait);
    REQUIRE(bucket < MUS_WAIT_BUCKETS);
    REQUIRE((bucket == 0 || wait >= MUS_WAIT_UNIT_NS << (bucket - 1)));
    REQUIRE((bucket == MUS_WAIT_BUCKETS - 1 || wait < MUS_WAIT_UNIT_NS << bucket));
  }
}
