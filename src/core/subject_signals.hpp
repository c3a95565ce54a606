// SPDX-License-Identifier: Apache-2.0
// From counters that grow to what was in the last second: the signals of one container, pod, unit or cgroup. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "core/delay_window.hpp"
#include "mus/cgroup_stats.hpp"
#include "mus/rules.hpp"
#include "mus/scheduler.hpp"
#include "mus/signal_files.hpp"
#include "mus/types.hpp"

namespace mus {

/// What was read of one; what was not, or does not exist, is empty.
struct SignalReading {
  TimePoint at{};  ///< of the files
  std::optional<NetworkCounters> network{};
  std::optional<std::uint64_t> pressure_us{};
  TimePoint metered_at{};  ///< of `meters`: a reading that was there before is no new one
  std::optional<CgroupStats> meters{};
  std::optional<LimitStats> limit{};  ///< of its own cgroup
  std::optional<double> threads{};
};

class SubjectSignals {
 public:
  /// A counter that went back began anew, and tells nothing until the next time.
  void add(const SignalReading& reading);

  [[nodiscard]] const SignalValues& values() const { return values_; }
  [[nodiscard]] const DelayWindow& delays() const { return delays_; }
  /// CPUs that its own cpu.max allows; 0: none.
  [[nodiscard]] double limit_cpus() const { return limit_cpus_; }

 private:
  void add_network(const SignalReading& reading, double seconds);
  void add_meters(const SignalReading& reading);
  void add_limit(const std::optional<LimitStats>& limit);

  std::optional<SignalReading> last_;
  SignalValues values_;
  DelayWindow delays_;
  double limit_cpus_ = 0;
};

}  // namespace mus
