// SPDX-License-Identifier: Apache-2.0
#include "core/limit_totals.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace mus;

namespace {

LimitStats limit(std::uint64_t id, std::uint64_t periods, std::uint64_t throttled = 0) {
  LimitStats stats;
  stats.id = CgroupId{id};
  stats.quota_us = 50000;
  stats.period_us = 100000;
  stats.periods = periods;
  stats.throttled_periods = throttled;
  stats.throttled_us = throttled * 1000;
  stats.forced = throttled / 2;
  stats.pardons = throttled / 4;
  return stats;
}

}  // namespace

TEST_CASE("the totals are the sums over all limited cgroups", "[limits]") {
  LimitCounter counter;
  CHECK(counter.totals() == LimitTotals{});
  counter.update({limit(1, 10, 4), limit(2, 5)});
  CHECK(counter.totals() == LimitTotals{2, 15, 4, 4000, 2, 1});
  counter.update({limit(1, 12, 8), limit(2, 5)});
  CHECK(counter.totals() == LimitTotals{2, 17, 8, 8000, 4, 2});
}

TEST_CASE("cgroups that go leave their counts behind, so that a total never falls", "[limits]") {
  LimitCounter counter;
  counter.update({limit(1, 10), limit(2, 5)});
  counter.update({limit(2, 6)});
  CHECK(counter.totals() == LimitTotals{1, 16});
  counter.update({});
  CHECK(counter.totals() == LimitTotals{0, 16});
  counter.update({limit(1, 3)});  // back, counting from nothing
  CHECK(counter.totals() == LimitTotals{1, 19});
}

TEST_CASE("counts that begin anew, as after another attach, are added and not subtracted", "[limits]") {
  LimitCounter counter;
  counter.update({limit(1, 10, 4)});
  counter.update({limit(1, 2, 1)});
  CHECK(counter.totals().periods == 12);
  CHECK(counter.totals().throttled_periods == 5);
}

TEST_CASE("a cgroup whose limit was taken away counts on and is not counted as limited", "[limits]") {
  LimitCounter counter;
  auto ended = limit(1, 10);
  ended.quota_us = 0;
  counter.update({ended, limit(2, 1)});
  CHECK(counter.totals() == LimitTotals{1, 11});
}
