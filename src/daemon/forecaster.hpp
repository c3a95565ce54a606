// SPDX-License-Identifier: Apache-2.0
// What a change of boosts means for the node's containers, in names.
#pragma once

#include <string>
#include <vector>

#include "core/forecast.hpp"
#include "daemon/cgroup_names.hpp"
#include "mus/explain.hpp"
#include "mus/pod_source.hpp"
#include "mus/service.hpp"

namespace mus {

/// Thread-safe. Waits for nobody: pods are those of the list at hand.
class Forecaster {
 public:
  Forecaster(const PodSource& pods, const CgroupTree& tree) : pods_(pods), tree_(tree), names_(tree) {}

  /// Two divisions of the same look. `boosted`: those that the change is about, for the warnings.
  [[nodiscard]] Outlook outlook(const DividedTree& before, const DividedTree& after,
                                const std::vector<AppliedCgroup>& boosted, TimePoint now);
  /// Without a look at the tree, for this reason.
  [[nodiscard]] Outlook without_tree(std::string why, const std::vector<AppliedCgroup>& boosted) const;

  /// What the container requests, where it is known.
  [[nodiscard]] std::optional<double> request(CgroupId id, TimePoint now);

 private:
  [[nodiscard]] std::vector<CgroupLevel> levels(const Cgroup& cgroup) const;

  const PodSource& pods_;
  const CgroupTree& tree_;
  CgroupNames names_;
};

}  // namespace mus
