// SPDX-License-Identifier: Apache-2.0
// What cgroups have run, and how long their tasks waited for a CPU (run delay).
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <unordered_map>

#include "mus/abi.h"
#include "mus/types.hpp"

namespace mus {

/// Waits by length: place n has those below wait_bound_ns(n) and not below the one before; the last has no bound.
using WaitCounts = std::array<std::uint64_t, MUS_WAIT_BUCKETS>;
[[nodiscard]] constexpr std::uint64_t wait_bound_ns(std::size_t bucket) {
  return MUS_WAIT_UNIT_NS << bucket;
}

/// Of tasks that were runnable until they ran; what waits for a cpu.max does not count. Percentiles are estimates
/// within a power of two. All 0 where nobody waited.
struct RunDelay {
  std::uint64_t waits = 0;
  double p50_us = 0;
  double p99_us = 0;
  double p999_us = 0;

  bool operator==(const RunDelay&) const = default;
};

/// Of a cgroup and all below it, what has ended there included. Sums go up, and begin anew with each attach.
struct CgroupStats {
  std::uint64_t cpu_time_ns = 0;
  std::uint64_t wait_ns = 0;            ///< summed over `waits`
  std::uint64_t waits = 0;              ///< times that a task went from runnable to running
  WaitCounts delays{};                  ///< the same waits by their length
  double share_cpus = 0;                ///< what its share gives it now of what its runnable threads can use, in CPUs
  std::chrono::milliseconds window{0};  ///< how long the rest is of: 10 s to 2 min, less soon after an attach
  std::uint64_t recent_cpu_time_ns = 0;
  RunDelay recent{};
};

/// One reading of all cgroups with tasks. A plain value that readers share.
struct CgroupFigures {
  TimePoint read_at{};
  std::unordered_map<CgroupId, CgroupStats> cgroups;

  [[nodiscard]] const CgroupStats* find(CgroupId id) const {
    const auto found = cgroups.find(id);
    return found == cgroups.end() ? nullptr : &found->second;
  }
};

}  // namespace mus
