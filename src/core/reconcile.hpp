// SPDX-License-Identifier: Apache-2.0
// From what was asked for and what is there to what the scheduler's map must hold. Pure, and the same path for all: a
// restarted container, a restarted daemon, an ejection, a kubelet that was away.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/boosts.hpp"
#include "core/desired.hpp"
#include "core/node_view.hpp"
#include "mus/service.hpp"

namespace mus {

/// What a boost acts on as far as anybody knows. Derived at each look; never on disk.
struct Reach {
  std::vector<AppliedCgroup> cgroups;  ///< each with this boost's own weight and lift
  std::string pending;                 ///< why there are none; empty when there are
  std::string note;                    ///< what is missing beside those that there are; empty as a rule
  std::uint64_t look = 0;              ///< comes from the look of that number, or a later one
  bool waiting = false;                ///< for matches that have no cgroup yet
  bool ever = false;                   ///< has acted on something, be it now or before
};

/// By the boost's number.
using Reaches = std::map<std::uint64_t, Reach>;

/// A boost that is over by itself.
struct Ending {
  std::uint64_t number = 0;
  bool expired = false;  ///< its time is up; else its pod has ended
  std::string why;
};

struct WantedPolicies {
  Policies policies;
  std::set<CgroupId> left_out;  ///< the map has no room for these: what was asked for first has it
};

struct Reconciled {
  Reaches reaches;  ///< of those that go on
  std::vector<Ending> endings;
  WantedPolicies wanted;
  std::vector<PolicyChange> changes;  ///< turn the map into what is wanted, removals first
};

/// What a boost acts on in this view. `before`: what it acted on until now; those cgroups of it that are still there
/// stay, unless the list says that they are no longer meant: a list that lacks a pod whose directory is there is a
/// kubelet's that has just been started.
[[nodiscard]] Reach reach_of(const DesiredBoost& boost, const Reach& before, const NodeIndex& index);

/// Where boosts share a cgroup, the one that was set last counts, its weight and its lift. What rules want, `ruled`,
/// comes after all of them.
[[nodiscard]] WantedPolicies wanted_policies(const DesiredState& desired, const Reaches& reaches,
                                             const Policies& ruled = {});

/// `view`: null when nobody has looked: then only what time has done is done. Reaches that are newer than the view
/// stay. `map`: what the scheduler holds.
[[nodiscard]] Reconciled reconcile(const DesiredState& desired, const Reaches& before, const NodeView* view,
                                   const Policies& map, TimePoint now, const Policies& ruled = {});

}  // namespace mus
