// SPDX-License-Identifier: Apache-2.0
// One look at the cgroup tree: what the scheduler saw in it. A plain value that readers share.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "mus/cgroup_stats.hpp"
#include "mus/scheduler.hpp"

namespace mus {

struct TreeView {
  static constexpr std::size_t kNone = SIZE_MAX;

  std::vector<CgroupRecord> records;  ///< parents before their children
  std::vector<double> threads;        ///< as divide_tree() takes them
  std::vector<double> loads;
  double cpus = 1;
  std::vector<CgroupId> services;                ///< CgroupTree::node_services()
  std::shared_ptr<const CgroupFigures> figures;  ///< of this look, or of one within a second before

  [[nodiscard]] std::optional<std::size_t> find(CgroupId id) const;
  /// The record above each; kNone at the top.
  [[nodiscard]] std::vector<std::size_t> parents() const;
};

/// To what each has, what is below it is added. `parents` as TreeView's.
[[nodiscard]] std::vector<double> with_below(std::vector<double> own, const std::vector<std::size_t>& parents);

}  // namespace mus
