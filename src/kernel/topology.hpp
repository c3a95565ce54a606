// SPDX-License-Identifier: Apache-2.0
// Which CPUs share a last-level cache and how far caches are from each other, from sysfs, as the BPF program wants it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mus/abi.h"

namespace mus {

struct Topology {
  std::vector<mus_cache> caches;                ///< by node, then by first CPU; at least one, at most MUS_MAX_CACHES
  std::vector<std::uint16_t> cpu_caches;        ///< by CPU id: index of its cache, MUS_NO_CACHE when it is not online
  std::vector<std::uint16_t> cpu_order;         ///< the online CPUs, those of a cache in a row
  std::vector<std::vector<std::uint8_t>> near;  ///< for each cache the others, nearest first
};

enum class QueuePerCache : bool { no, yes };

/// `cpus`: the number of possible CPU ids, at most MUS_MAX_CPUS. A cache is what the CPUs of a third or higher level
/// share; where there is none, a NUMA node. Files that are missing or say nonsense cost precision, never an error: with
/// nothing known all CPUs are one cache. QueuePerCache::no: so they are in any case.
[[nodiscard]] Topology read_topology(const std::string& sys_root, std::uint32_t cpus, QueuePerCache per_cache);

}  // namespace mus
