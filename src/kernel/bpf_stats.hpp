// SPDX-License-Identifier: Apache-2.0
// What the loaded program counts, in the daemon's words. BPF writes while these read: each figure is right, together
// they may be of two moments.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "mus/abi.h"
#include "mus/scheduler.hpp"

namespace mus {

/// Metric names of enum mus_counter, in its order.
[[nodiscard]] const std::vector<const char*>& counter_names();

/// Sums over CPUs, as in SchedulerStats; of no CPU they are 0.
[[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> sum_counters(std::span<const mus_cpu_counters> cpus);

/// Of those places that a cgroup has.
[[nodiscard]] std::vector<LimitStats> read_limit_stats(std::span<const mus_limit> limits);

}  // namespace mus
