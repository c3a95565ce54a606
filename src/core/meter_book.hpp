// SPDX-License-Identifier: Apache-2.0
// What cgroups have run and waited, kept from reading to reading of the scheduler's meters.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "mus/cgroup_stats.hpp"
#include "mus/scheduler.hpp"

namespace mus {

/// Pure arithmetic, for one attached scheduler and one thread. What a cgroup has done stays with the one above it when
/// it is gone, so no sum goes down; only what it did after the last reading is lost.
class MeterBook {
 public:
  /// Recent figures are of this long at least, and of twice that at most where readings come as often; else of up to
  /// two times that from reading to reading.
  static constexpr std::chrono::seconds kWindow{10};

  /// `began`: when the meters were 0.
  explicit MeterBook(TimePoint began) : before_at_(began), next_at_(began) {}

  /// `meters` are those of `records`, as CgroupShares::meter() has them, at the time `now`. Parents come first.
  std::shared_ptr<const CgroupFigures> add(const std::vector<CgroupRecord>& records,
                                           const std::vector<CgroupMeter>& meters, TimePoint now);

 private:
  struct Sums {
    std::uint64_t cpu_time_ns = 0;
    std::uint64_t wait_ns = 0;
    WaitCounts delays{};

    Sums& operator+=(const Sums& other);
    Sums& operator-=(const Sums& other);
  };
  struct Account {
    CgroupId parent{};
    Sums now;
    Sums before;  ///< at the beginning of the window
    Sums next;    ///< at the beginning of the next
    std::uint64_t seen = 0;
  };
  struct Reading {
    std::uint32_t birth = 0;
    CgroupMeter meter;
  };

  void take(const std::vector<CgroupRecord>& records, const std::vector<CgroupMeter>& meters);
  void inherit();
  [[nodiscard]] std::shared_ptr<const CgroupFigures> sum_up(const std::vector<CgroupRecord>& records,
                                                            TimePoint now) const;
  void move_window(TimePoint now);

  std::map<CgroupId, Account> accounts_;
  std::map<std::uint32_t, Reading> last_;  ///< by flow
  std::uint64_t readings_ = 0;
  TimePoint before_at_;
  TimePoint next_at_;
};

}  // namespace mus
