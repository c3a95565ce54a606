// SPDX-License-Identifier: Apache-2.0
#include "kernel/policy_slots.hpp"

#include <algorithm>
#include <string>

namespace mus {

Result<mus_policy> PolicySlots::plan(CgroupId id, const Policy& policy) const {
  if (policy.weight < MUS_WEIGHT_MIN || policy.weight > MUS_WEIGHT_MAX) {
    return fail(
        Errc::invalid_argument, "weight " + std::to_string(policy.weight) + " is off the scale",
        "use " + std::to_string(MUS_WEIGHT_MIN) + " to " + std::to_string(MUS_WEIGHT_MAX) + "; 1024 is unboosted");
  }
  if (const auto found = entries_.find(id); found != entries_.end()) {
    return mus_policy{policy.weight, found->second.slot, policy.lifted_from};
  }
  const auto free = std::find(taken_.begin(), taken_.end(), false);
  if (free == taken_.end()) {
    return fail(Errc::capacity, "all " + std::to_string(MUS_MAX_POLICIES) + " entries of the policy map are taken",
                "take back a boost that is no longer needed");
  }
  return mus_policy{policy.weight, static_cast<__u32>(free - taken_.begin()), policy.lifted_from};
}

void PolicySlots::commit(CgroupId id, const mus_policy& policy) {
  entries_[id] = policy;
  taken_[policy.slot] = true;
}

void PolicySlots::remove(CgroupId id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  taken_[found->second.slot] = false;
  entries_.erase(found);
}

void PolicySlots::clear() {
  entries_.clear();
  taken_.assign(MUS_MAX_POLICIES, false);
}

std::uint32_t PolicySlots::max_weight() const {
  std::uint32_t max = MUS_WEIGHT_ONE;
  for (const auto& [id, policy] : entries_) max = std::max(max, policy.weight);
  return max;
}

std::vector<std::pair<CgroupId, Policy>> PolicySlots::policies() const {
  std::vector<std::pair<CgroupId, Policy>> policies;
  policies.reserve(entries_.size());
  for (const auto& [id, entry] : entries_) policies.emplace_back(id, Policy{entry.weight, entry.lifted_from});
  return policies;
}

const std::vector<const char*>& counter_names() {
  static const std::vector<const char*> names = {
      "wakeups", "direct_dispatches", "shared_enqueues", "pinned_enqueues", "preemptions", "steals",
      "kept",    "reenqueues",        "relieved",        "balanced",        "parks"};
  return names;
}

}  // namespace mus
