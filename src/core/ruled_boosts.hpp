// SPDX-License-Identifier: Apache-2.0
// The boosts that rules have set, as the scheduler's map and as callers see them.
#pragma once

#include <vector>

#include "core/boost_view.hpp"
#include "core/rule_engine.hpp"
#include "mus/service.hpp"

namespace mus {

using RuledBoosts = std::vector<RuleBoost>;

[[nodiscard]] Policies ruled_policies(const RuledBoosts& boosts);

/// In the order of the rules.
[[nodiscard]] std::vector<Boost> show_ruled(const RuledBoosts& boosts, const InForce& force, TimePoint now);

}  // namespace mus
