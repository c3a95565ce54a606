// SPDX-License-Identifier: Apache-2.0
#include "core/run_delay.hpp"

#include <numeric>

namespace mus {
namespace {

constexpr double kNsPerUs = 1000;

std::uint64_t total(const WaitCounts& waits) {
  return std::accumulate(waits.begin(), waits.end(), std::uint64_t{0});
}

}  // namespace

double wait_quantile_us(const WaitCounts& waits, double part) {
  const double wanted = part * static_cast<double>(total(waits));
  double below = 0;
  double longest = 0;
  for (std::size_t bucket = 0; bucket < waits.size(); ++bucket) {
    if (waits[bucket] == 0) continue;
    const auto here = static_cast<double>(waits[bucket]);
    const double from = bucket == 0 ? 0 : static_cast<double>(wait_bound_ns(bucket - 1));
    const double to = bucket + 1 == waits.size() ? from : static_cast<double>(wait_bound_ns(bucket));
    if (below + here >= wanted) return (from + (to - from) * (wanted - below) / here) / kNsPerUs;
    below += here;
    longest = to;
  }
  return longest / kNsPerUs;  // rounding alone leads here
}

double waits_above(const WaitCounts& waits, double bound_us) {
  const double bound = bound_us * kNsPerUs;
  double above = 0;
  for (std::size_t bucket = 0; bucket < waits.size(); ++bucket) {
    const double from = bucket == 0 ? 0 : static_cast<double>(wait_bound_ns(bucket - 1));
    const auto to = static_cast<double>(wait_bound_ns(bucket));
    const bool endless = bucket + 1 == waits.size();
    const double part = from >= bound ? 1 : endless || to <= bound ? 0 : (to - bound) / (to - from);
    above += part * static_cast<double>(waits[bucket]);
  }
  return above;
}

RunDelay run_delay(const WaitCounts& waits) {
  return {total(waits), wait_quantile_us(waits, 0.5), wait_quantile_us(waits, 0.99), wait_quantile_us(waits, 0.999)};
}

}  // namespace mus
