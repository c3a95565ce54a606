// SPDX-License-Identifier: Apache-2.0
#include "core/run_delay.hpp"

#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <random>
#include <vector>

#include "../../../bpf/policy.bpf.h"

using namespace mus;

TEST_CASE("without waits every percentile is 0", "[run_delay]") {
  CHECK(run_delay({}) == RunDelay{});
}

TEST_CASE("waits of one bucket are spread evenly over it", "[run_delay]") {
  WaitCounts waits{};
  waits[3] = 1000;  // 4096 ns to 8192 ns
  CHECK(wait_quantile_us(waits, 0.5) == Catch::Approx(6.144));
  CHECK(wait_quantile_us(waits, 0) == Catch::Approx(4.096));
  CHECK(wait_quantile_us(waits, 1) == Catch::Approx(8.192));
}

TEST_CASE("the tail is that of the few long waits, however many short ones there are", "[run_delay]") {
  WaitCounts waits{};
  waits[0] = 9980;
  waits[14] = 20;  // 8.4 ms to 16.8 ms
  const auto delay = run_delay(waits);
  CHECK(delay.waits == 10000);
  CHECK(delay.p50_us < 1);
  CHECK(delay.p99_us < 1.1);
  CHECK(delay.p999_us > 8000);
  CHECK(delay.p999_us < 17000);
}

TEST_CASE("of waits beyond the last bound the bound is told", "[run_delay]") {
  WaitCounts waits{};
  waits.back() = 5;
  CHECK(run_delay(waits).p50_us == Catch::Approx(4294967.296));
}

TEST_CASE("an estimate is within a power of two of the wait itself, and goes up with the part", "[run_delay]") {
  std::mt19937_64 random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::uint64_t> exact;
    WaitCounts waits{};
    std::lognormal_distribution<double> length(5 + round % 12, 2);
    for (int i = 0; i < 2000; ++i) {
      exact.push_back(static_cast<std::uint64_t>(std::clamp(length(random), 1.0, 4e9)));
      ++waits[mus_wait_bucket(exact.back())];
    }
    std::sort(exact.begin(), exact.end());
    double last = 0;
    for (const double part : {0.1, 0.5, 0.9, 0.99, 0.999}) {
      const auto estimate = wait_quantile_us(waits, part);
      const auto real = static_cast<double>(exact[static_cast<std::size_t>(part * 2000) - 1]) / 1000;
      CHECK(estimate >= last);
      CHECK(estimate >= real / 2.01);
      CHECK((estimate <= real * 2.01 || estimate <= 1.024));
      last = estimate;
    }
  }
}
