// SPDX-License-Identifier: Apache-2.0
#include "daemon/policy_map.hpp"

namespace mus {
namespace {

Result<void> apply(Scheduler& scheduler, const PolicyChange& change) {
  return change.policy ? scheduler.set_policy(change.id, *change.policy) : scheduler.clear_policy(change.id);
}

}  // namespace

Policies policies_of(const Scheduler& scheduler) {
  const auto entries = scheduler.policies();
  return {entries.begin(), entries.end()};
}

Result<void> apply_all(Scheduler& scheduler, const Policies& wanted) {
  const auto before = policies_of(scheduler);
  for (const auto& change : changes(before, wanted)) {
    auto done = apply(scheduler, change);
    if (done) continue;
    // Going back frees what was added before it restores what was removed, so it needs no more room than there was.
    // Where even that fails the scheduler is gone, and its map with it.
    for (const auto& undo : changes(policies_of(scheduler), before)) (void)!apply(scheduler, undo);
    return done;
  }
  return {};
}

Result<void> apply_possible(Scheduler& scheduler, const std::vector<PolicyChange>& changes) {
  Result<void> first;
  for (const auto& change : changes) {
    auto done = apply(scheduler, change);
    if (!done && first) first = std::move(done);
  }
  return first;
}

}  // namespace mus
