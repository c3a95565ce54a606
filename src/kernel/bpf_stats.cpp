// SPDX-License-Identifier: Apache-2.0
#include "kernel/bpf_stats.hpp"

#include <cstddef>

namespace mus {
namespace {

std::uint64_t now_in(const __u64& from) {
  return __atomic_load_n(&from, __ATOMIC_RELAXED);
}

}  // namespace

const std::vector<const char*>& counter_names() {
  static const std::vector<const char*> names = {
      "wakeups", "direct_dispatches", "shared_enqueues", "pinned_enqueues", "preemptions", "steals",
      "kept",    "reenqueues",        "relieved",        "balanced",        "parks"};
  return names;
}

std::vector<std::pair<std::string, std::uint64_t>> sum_counters(std::span<const mus_cpu_counters> cpus) {
  const auto& names = counter_names();
  std::vector<std::pair<std::string, std::uint64_t>> sums;
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::uint64_t sum = 0;
    for (const auto& cpu : cpus) sum += now_in(cpu.values[i]);
    sums.emplace_back(names[i], sum);
  }
  return sums;
}

std::vector<LimitStats> read_limit_stats(std::span<const mus_limit> limits) {
  std::vector<LimitStats> found;
  for (const auto& limit : limits) {
    if (now_in(limit.cgroup_id) == 0) continue;
    LimitStats stats;
    stats.id = CgroupId{now_in(limit.cgroup_id)};
    stats.quota_us = now_in(limit.quota_ns) / 1000;
    stats.period_us = now_in(limit.period_ns) / 1000;
    stats.burst_us = now_in(limit.burst_ns) / 1000;
    stats.periods = now_in(limit.periods);
    stats.throttled_periods = now_in(limit.throttled_periods);
    stats.throttled_us = now_in(limit.throttled_ns) / 1000;
    stats.forced = now_in(limit.forced);
    stats.pardons = now_in(limit.pardons);
    found.push_back(stats);
  }
  return found;
}

}  // namespace mus
