// SPDX-License-Identifier: Apache-2.0
// What boosts leave to others: the boosted together have a ceiling, the node's own services a floor. Pure arithmetic.
#pragma once

#include <cstdint>
#include <vector>

#include "core/tree_division.hpp"
#include "mus/types.hpp"

namespace mus {

struct GuardOptions {
  double boost_ceiling = 0.75;  ///< part of the node's CPUs that all boosted cgroups get at most; 1: no ceiling
  double node_floor = 0.1;      ///< part of the node's CPUs that its services keep; 0: no floor
};

/// By what the shares of some are to be multiplied so that both hold. Boosts multiply the result.
struct Guards {
  double boosted = 1;   ///< of the boosted, at most 1; a boost is never made less than none
  double services = 1;  ///< of the services, at least 1

  /// For a cgroup with this boost (1024 = none). A service with a boost or a demotion of its own is none here.
  [[nodiscard]] double factor(std::uint32_t boost, bool service) const;
};

/// Which of the records are services: those with one of the ids, and all below them.
[[nodiscard]] std::vector<bool> find_services(const std::vector<CgroupRecord>& records,
                                              const std::vector<CgroupId>& ids);

/// `boosts` and `services` are parallel to the tree's nodes. The boosted (above 1024) together get no more than the
/// ceiling, or what they would get if none was boosted, if that is more. The services together get no less than the
/// floor, or what they would get if none was boosted, if that is less, if they wanted all; where none of them runs, a
/// thread of the root cgroup stands for them. Both are 1 where nobody is boosted or a CPU is idle: nobody has anything
/// to keep then.
///
/// One factor for all of a kind, so the ratios among the boosted, among the services and among all others stay (where a
/// boost is already made none, it is no longer made smaller). More weight gets more CPU time, so each is found by
/// bisection on what allotments() gives; to a thousandth.
[[nodiscard]] Guards find_guards(const TreeDivision& tree, const std::vector<std::uint32_t>& boosts,
                                 const std::vector<bool>& services, const GuardOptions& options);

}  // namespace mus
