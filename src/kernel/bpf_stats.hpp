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

struct bpf_map;

namespace mus {

/// Sums over CPUs, as in SchedulerStats; of no CPU they are 0.
[[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> sum_counters(std::span<const mus_cpu_counters> cpus);

/// Of those places that a cgroup has.
[[nodiscard]] std::vector<LimitStats> read_limit_stats(std::span<const mus_limit> limits);

/// `map` is the per-CPU array of mus_cgroup_stats, by slot.
[[nodiscard]] Result<CgroupStats> read_cgroup_stats(const bpf_map* map, std::uint32_t slot);
[[nodiscard]] Result<void> zero_cgroup_stats(const bpf_map* map, std::uint32_t slot);

}  // namespace mus
