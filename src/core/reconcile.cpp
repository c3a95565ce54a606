// SPDX-License-Identifier: Apache-2.0
#include "core/reconcile.hpp"

#include <optional>
#include <utility>

#include "mus/abi.h"

namespace mus {
namespace {

/// The pod that was meant by its uid has ended: a list that was made after the boost lacks it, it is the whole list,
/// and nothing of it runs either.
bool pod_is_gone(const DesiredBoost& boost, const NodeIndex& index) {
  const auto& uid = boost.target.uid;
  return boost.target.kind == Target::Kind::pod && !uid.empty() && index.view().pods && index.complete() &&
         index.listed_at() > boost.since && !index.listed(uid) && !index.in_use(uid);
}

}  // namespace

WantedPolicies wanted_policies(const DesiredState& desired, const Reaches& reaches, const Policies& ruled) {
  WantedPolicies wanted;
  for (const auto& boost : desired.boosts()) {
    const auto reach = reaches.find(boost.number);
    if (reach == reaches.end()) continue;
    for (const auto& applied : reach->second.cgroups) {
      const auto id = applied.cgroup.id;
      if (wanted.policies.size() >= MUS_MAX_POLICIES && !wanted.policies.contains(id)) {
        wanted.left_out.insert(id);
        continue;
      }
      wanted.policies.insert_or_assign(id, Policy{boost.weight, applied.lifted_from});
    }
  }
  for (const auto& [id, policy] : ruled) {
    if (wanted.policies.size() < MUS_MAX_POLICIES) wanted.policies.emplace(id, policy);
  }
  return wanted;
}

Reconciled reconcile(const DesiredState& desired, const Reaches& before, const NodeView* view, const Policies& map,
                     TimePoint now, const Policies& ruled) {
  static const Reach unbound{{}, "nobody has looked for it yet", {}, 0, true, false};
  Reconciled out;
  std::optional<NodeIndex> index;
  if (view != nullptr) index.emplace(*view);
  for (const auto& boost : desired.boosts()) {
    const auto found = before.find(boost.number);
    const auto& known = found == before.end() ? unbound : found->second;
    if (boost.expires && *boost.expires <= now && !boost.spent) {
      out.endings.push_back({boost.number, true, "its time is up"});
    } else if (!index || known.look > view->look) {
      if (!boost.spent) out.reaches.emplace(boost.number, known);
    } else if (pod_is_gone(boost, *index)) {
      out.endings.push_back({boost.number, false, "pod " + boost.target.uid + " is no longer on this node"});
    } else if (!boost.spent) {
      out.reaches.emplace(boost.number, reach_of(boost, known, *index));
    }
  }
  // Those that are over have no reach, so that they take no part.
  out.wanted = wanted_policies(desired, out.reaches, ruled);
  out.changes = changes(map, out.wanted.policies);
  return out;
}

}  // namespace mus
