// SPDX-License-Identifier: Apache-2.0
// Whom rules are about on this node. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/node_view.hpp"
#include "mus/rules.hpp"
#include "mus/types.hpp"

namespace mus {

/// A container, a pod as a whole, a unit or a cgroup: once, whatever rules it is under.
struct RuleSubject {
  std::string ns, pod, uid, container;
  Cgroup cgroup;
  /// Indices of the subjects at and above it, itself first.
  std::vector<std::uint32_t> at_and_above{};

  /// The same one, also after a restart.
  [[nodiscard]] bool same(const RuleSubject& other) const {
    return ns == other.ns && pod == other.pod && uid == other.uid && container == other.container &&
           (!uid.empty() || cgroup.path == other.cgroup.path);
  }
};

struct RuleMatches {
  static constexpr std::size_t kMostSubjects = 4096;  ///< those beyond are left out

  std::vector<RuleSubject> subjects;                ///< in order of their paths
  std::vector<std::vector<std::uint32_t>> about;    ///< by rule: indices of subjects
  std::vector<std::vector<std::uint32_t>> signals;  ///< by rule: whose signal counts; empty where that is its own
  std::vector<std::string> notes;                   ///< by rule: why there may be more; empty as a rule
};

/// Where the units and cgroups are that rules name, by the selector's word for it.
struct RulePlaces {
  std::map<std::string, Cgroup> units;
  std::map<std::string, Cgroup> cgroups;

  bool operator==(const RulePlaces&) const = default;
};

/// `pods`: null where nobody looked.
[[nodiscard]] RuleMatches match_rules(const RuleSet& rules, const NodeIndex* pods, const RulePlaces& places);

/// Does the name fit a pattern of glob(7)'s * and ?
[[nodiscard]] bool fits(const std::string& pattern, const std::string& name);

}  // namespace mus
