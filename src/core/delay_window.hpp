// SPDX-License-Identifier: Apache-2.0
// How long tasks waited of late: the newest waits, enough of them to speak of a p99. Pure; time is an argument.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

#include "mus/cgroup_stats.hpp"
#include "mus/types.hpp"

namespace mus {

class DelayWindow {
 public:
  static constexpr std::uint64_t kWaits = 200;  ///< behind each percentile, at least
  static constexpr std::chrono::seconds kLongest{10};

  enum class Verdict : std::uint8_t {
    unknown,  ///< too few waits to tell
    holds,
    broken,
  };

  /// What was waited since the last call, which is of `now`.
  void add(const WaitCounts& waits, TimePoint now);

  /// Of the newest kWaits or more; none: there were fewer in kLongest.
  [[nodiscard]] std::optional<double> quantile_us(double part) const;

  /// Is the p99 under that? With fewer than kWaits it is broken if it were even with all that are missing short: then
  /// nobody has to wait for them, who are late because of the very thing.
  [[nodiscard]] Verdict p99_under(double bound_us) const;

  /// What p99_under() goes by; for sentences.
  [[nodiscard]] double latest_p99_us() const;

 private:
  struct Slice {
    WaitCounts waits;
    TimePoint at;
  };
  struct Newest {
    WaitCounts waits{};
    std::uint64_t number = 0;
  };
  [[nodiscard]] Newest newest() const;

  std::deque<Slice> slices_;  // oldest first
};

}  // namespace mus
