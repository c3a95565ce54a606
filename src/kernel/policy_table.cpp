// SPDX-License-Identifier: Apache-2.0
#include "kernel/policy_table.hpp"

#include <algorithm>
#include <string>

#include "mus/abi.h"

namespace mus {

Result<void> PolicyTable::check(CgroupId id, const Policy& policy) const {
  if (policy.weight < MUS_WEIGHT_MIN || policy.weight > MUS_WEIGHT_MAX) {
    return fail(
        Errc::invalid_argument, "weight " + std::to_string(policy.weight) + " is off the scale",
        "use " + std::to_string(MUS_WEIGHT_MIN) + " to " + std::to_string(MUS_WEIGHT_MAX) + "; 1024 is unboosted");
  }
  if (!contains(id) && entries_.size() >= MUS_MAX_POLICIES) {
    return fail(Errc::capacity, "all " + std::to_string(MUS_MAX_POLICIES) + " entries of the policy map are taken",
                "take back a boost that is no longer needed");
  }
  return {};
}

std::uint32_t PolicyTable::max_weight() const {
  std::uint32_t max = MUS_WEIGHT_ONE;
  for (const auto& [id, policy] : entries_) max = std::max(max, policy.weight);
  return max;
}

}  // namespace mus
