// SPDX-License-Identifier: Apache-2.0
// Of the rule engine: what of the node is still to be given away in one step.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/rule_engine.hpp"

namespace mus {

struct RuleEngine::Room {
  static constexpr std::uint32_t kNobody = UINT32_MAX;

  Room(const RuleSet& rules, const std::vector<RuleSubject>& subjects, const RuleReadings& readings,
       const EntitledTo& entitled_to)
      : in(readings), set(rules), taken(subjects.size(), kNobody), entitled(entitled_to) {}

  /// Part of the node that a boost to this weight entitles it to; 0 where nobody can tell.
  [[nodiscard]] double share_of(std::uint32_t subject, std::uint32_t weight) const {
    const auto now = entitled(subject);
    return now ? std::min(now->cpus_at(weight) / now->node_cpus, in.boost_ceiling) : 0;
  }
  /// That have been given out; those of dry runs apart.
  [[nodiscard]] std::size_t& boosts_of(bool dry_run) { return dry_run ? imagined : boosts; }

  const RuleReadings& in;
  const RuleSet& set;
  std::vector<std::uint32_t> taken;  ///< by which rule, by subject
  const EntitledTo& entitled;
  std::size_t boosts = 0;
  std::size_t imagined = 0;
  double share = 0;   ///< of the node, that conditions' boosts are entitled to
  bool full = false;  ///< one has been turned away: those after it are, too
};

}  // namespace mus
