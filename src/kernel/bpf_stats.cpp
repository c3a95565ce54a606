// SPDX-License-Identifier: Apache-2.0
#include "kernel/bpf_stats.hpp"

#include <bpf/libbpf.h>

#include <cstddef>
#include <cstring>

#include "kernel/policy_slots.hpp"

namespace mus {
namespace {

std::uint64_t now_in(const __u64& from) {
  return __atomic_load_n(&from, __ATOMIC_RELAXED);
}

// One of each possible CPU: how the kernel hands out an entry of a per-CPU map.
std::vector<mus_cgroup_stats> per_cpu_stats() {
  return std::vector<mus_cgroup_stats>(static_cast<std::size_t>(libbpf_num_possible_cpus()));
}

}  // namespace

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

Result<CgroupStats> read_cgroup_stats(const bpf_map* map, std::uint32_t slot) {
  auto cpus = per_cpu_stats();
  const int error =
      bpf_map__lookup_elem(map, &slot, sizeof slot, cpus.data(), cpus.size() * sizeof(mus_cgroup_stats), 0);
  if (error != 0) return fail(Errc::io, std::string("statistics cannot be read: ") + std::strerror(-error));
  CgroupStats sum;
  for (const auto& cpu : cpus) {
    sum.cpu_time_ns += cpu.cpu_time_ns;
    sum.wait_ns += cpu.wait_ns;
    sum.waits += cpu.waits;
  }
  return sum;
}

Result<void> zero_cgroup_stats(const bpf_map* map, std::uint32_t slot) {
  const auto zero = per_cpu_stats();
  const int error =
      bpf_map__update_elem(map, &slot, sizeof slot, zero.data(), zero.size() * sizeof(mus_cgroup_stats), BPF_ANY);
  if (error != 0) return fail(Errc::io, std::string("statistics cannot be reset: ") + std::strerror(-error));
  return {};
}

}  // namespace mus
