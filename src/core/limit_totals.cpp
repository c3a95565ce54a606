// SPDX-License-Identifier: Apache-2.0
#include "core/limit_totals.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace mus {
namespace {

constexpr std::array kCounts{
    std::pair{&LimitStats::periods, &LimitTotals::periods},
    std::pair{&LimitStats::throttled_periods, &LimitTotals::throttled_periods},
    std::pair{&LimitStats::throttled_us, &LimitTotals::throttled_us},
    std::pair{&LimitStats::forced, &LimitTotals::forced},
    std::pair{&LimitStats::pardons, &LimitTotals::pardons},
};

bool began_anew(const LimitStats& before, const LimitStats& now) {
  return std::any_of(kCounts.begin(), kCounts.end(),
                     [&](const auto& count) { return now.*count.first < before.*count.first; });
}

}  // namespace

void LimitCounter::update(const std::vector<LimitStats>& now) {
  std::map<CgroupId, LimitStats> seen;
  totals_.cgroups = 0;
  for (const auto& limit : now) {
    if (limit.quota_us > 0) ++totals_.cgroups;
    const auto known = last_.find(limit.id);
    const auto before = known == last_.end() || began_anew(known->second, limit) ? LimitStats{} : known->second;
    for (const auto& [from, to] : kCounts) totals_.*to += limit.*from - before.*from;
    seen[limit.id] = limit;
  }
  last_ = std::move(seen);
}

}  // namespace mus
