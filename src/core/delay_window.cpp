// SPDX-License-Identifier: Apache-2.0
#include "core/delay_window.hpp"

#include <numeric>

#include "core/run_delay.hpp"

namespace mus {
namespace {

constexpr double kP99 = 0.99;

}  // namespace

void DelayWindow::add(const WaitCounts& waits, TimePoint now) {
  slices_.push_back({waits, now});
  while (slices_.front().at + kLongest <= now) slices_.pop_front();
}

DelayWindow::Newest DelayWindow::newest() const {
  Newest out;
  for (auto slice = slices_.rbegin(); slice != slices_.rend() && out.number < kWaits; ++slice) {
    for (std::size_t i = 0; i < out.waits.size(); ++i) out.waits[i] += slice->waits[i];
    out.number = std::accumulate(out.waits.begin(), out.waits.end(), std::uint64_t{0});
  }
  return out;
}

std::optional<double> DelayWindow::quantile_us(double part) const {
  const auto waits = newest();
  if (waits.number < kWaits) return std::nullopt;
  return wait_quantile_us(waits.waits, part);
}

DelayWindow::Verdict DelayWindow::p99_under(double bound_us) const {
  const auto waits = newest();
  if (waits.number >= kWaits) {
    return wait_quantile_us(waits.waits, kP99) < bound_us ? Verdict::holds : Verdict::broken;
  }
  return waits_above(waits.waits, bound_us) > (1 - kP99) * kWaits + 1e-9 ? Verdict::broken : Verdict::unknown;
}

double DelayWindow::latest_p99_us() const {
  return wait_quantile_us(newest().waits, kP99);
}

}  // namespace mus
