// SPDX-License-Identifier: Apache-2.0
// Looks at small trees.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/forecast.hpp"

namespace mus::test {

inline constexpr GuardOptions kNoGuards{1, 0};

struct Seen {
  std::uint64_t id = 0;
  std::uint64_t parent = 0;
  double weight = 100;  ///< cpu.weight; 0: no controller
  double threads = 0;
  double limit = 0;
};

inline TreeView look(double cpus, const std::vector<Seen>& cgroups) {
  TreeView view;
  view.cpus = cpus;
  for (const auto& seen : cgroups) {
    CgroupRecord record;
    record.id = CgroupId{seen.id};
    record.parent = CgroupId{seen.parent};
    record.shares = static_cast<std::uint32_t>(seen.weight * 10.24 + 0.5);
    record.limit = seen.limit;
    record.level = 1;
    for (const auto& above : view.records) {
      if (above.id == record.parent) record.level = above.level + 1;
    }
    view.records.push_back(record);
    view.threads.push_back(seen.threads);
    view.loads.push_back(seen.threads > 0 ? 100 * std::max(seen.threads, 1.0) : 100);
  }
  return view;
}

/// The node of docs/scheduler.md: one CPU, everybody busy. app 1, burstable 2 with redis 3 and noise 4, batch 5.
inline TreeView busy_node(double app_threads = 1) {
  return look(1, {{1, 0, 39, app_threads}, {2, 0, 24}, {3, 2, 4, 1}, {4, 2, 20, 6}, {5, 0, 1, 4}});
}

inline std::size_t place(const TreeView& view, std::uint64_t id) {
  return view.find(CgroupId{id}).value();
}

}  // namespace mus::test
