// SPDX-License-Identifier: Apache-2.0
// Brings the scheduler's map to what is wanted.
#pragma once

#include <vector>

#include "core/boosts.hpp"
#include "mus/scheduler.hpp"

namespace mus {

/// The map as it stands.
[[nodiscard]] Policies policies_of(const Scheduler& scheduler);

/// All changes or none: after an error the map is as it was.
Result<void> apply_all(Scheduler& scheduler, const Policies& wanted);

/// As many of the changes as can be made; the first error. For desired state that is agreed already: what fails now is
/// tried again at the next tick.
Result<void> apply_possible(Scheduler& scheduler, const std::vector<PolicyChange>& changes);

}  // namespace mus
