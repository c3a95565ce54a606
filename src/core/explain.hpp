// SPDX-License-Identifier: Apache-2.0
// What gives a cgroup its CPU time, level by level, and what keeps it from getting more. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/forecast.hpp"
#include "mus/explain.hpp"

namespace mus {

/// `levels` from the child of the root down, as CgroupTree reads them; what the scheduler saw is added.
[[nodiscard]] std::vector<ExplainedLevel> explain_levels(const DividedTree& tree,
                                                         const std::vector<CgroupLevel>& levels);

/// The product of the levels' shares, 0 to 1.
[[nodiscard]] double share_of_node(const std::vector<ExplainedLevel>& levels);

/// Of the cgroup that is record `i`; `levels` are those on its path.
[[nodiscard]] Standing standing(const Forecast& forecast, std::size_t i, const std::vector<CgroupLevel>& levels);

/// The cpu.max on the way without which record `i` would be entitled to most; if it takes more than one, the tightest.
/// Null when none holds it back.
[[nodiscard]] const CgroupLevel* binding_limit(const Forecast& forecast, std::size_t i,
                                               const std::vector<CgroupLevel>& levels);

/// A cgroup that is to be boosted.
struct Boosted {
  std::string name;                 ///< for sentences
  std::vector<CgroupLevel> levels;  ///< on its path; may be empty
};

/// What is worth knowing of the boost of record `i`, where `tree` was divided with it: an entitlement that is of little
/// use, limits and cpu.idle on the way.
[[nodiscard]] std::vector<std::string> warnings(const DividedTree& tree, std::size_t i, const Boosted& boosted);

/// Those that need no look at the tree.
[[nodiscard]] std::vector<std::string> warnings_without_tree(const Boosted& boosted);

}  // namespace mus
