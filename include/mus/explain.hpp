// SPDX-License-Identifier: Apache-2.0
// Where a cgroup stands in the division of CPU time, and what a boost would change for everybody. All CPU figures are
// in CPUs (1 = one whole CPU). Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mus/cgroup_tree.hpp"
#include "mus/rules.hpp"
#include "mus/types.hpp"

namespace mus {

/// What a change of boosts means for one cgroup with everything below it.
struct Effect {
  std::string ns, pod, container;  ///< empty for what belongs to no pod
  Cgroup cgroup;                   ///< the path is empty where it is not known
  double cpus_before = 0;
  double cpus_after = 0;
  std::optional<double> request;  ///< the container's, from the pod list
};

/// What a boost changes. Computed from the last look at the tree: nobody is made to wait for it.
struct Outlook {
  std::string missing;                ///< why there are no effects; empty when there are
  double node_cpus = 0;               ///< that there are
  std::vector<Effect> effects;        ///< those that lose most, most first; at most 10
  std::vector<Effect> below_request;  ///< containers that lose, and get less than they request and could use
  std::vector<std::string> warnings;  ///< sentences
};

/// What keeps a cgroup from getting more.
struct Binding {
  enum class Kind {
    nothing,  ///< there is more CPU time than all of them could use
    threads,  ///< it has fewer runnable threads than CPUs that it is entitled to
    limit,    ///< a cpu.max, at `path`
    ceiling,  ///< the boosted together may have no more
    share,    ///< the others' shares
  };
  Kind kind = Kind::nothing;
  std::string path;      ///< of a limit
  std::string sentence;  ///< the same in words
};

/// With one set of boosts.
struct Standing {
  std::uint32_t weight = 1024;  ///< of the nearest boost at or above it
  double factor = 1;            ///< by which its share is multiplied: weight / 1024, less what the guards take
  double effective_weight = 0;  ///< on cpu.weight's scale: as much as a child of the root with that weight
  double entitled = 0;          ///< what it would get if it could use everything
  double cpus = 0;              ///< what it gets with the threads that it has
  Binding binds;
};

/// One level on the way from the top to the target.
struct ExplainedLevel {
  CgroupLevel level;
  bool known = false;                 ///< the scheduler has seen tasks in it: what follows is filled
  std::uint32_t active_siblings = 0;  ///< cgroups that compete at this level and have something to run
  bool lifted = false;                ///< its limit does not hold: a boost lifts it
  double rivals = 0;                  ///< what competes with it there, in cpu.weight's
  double share = 0;                   ///< of the level, 0 to 1, if all of them could use everything
};

/// What a rule makes of the target, or of what is above it.
struct RuleWord {
  std::string rule;
  RuledSubject::State state = RuledSubject::State::acting;
  bool dry_run = false;
  std::uint32_t weight = 1024;
  std::string why;
};

struct Explanation {
  std::string ns, pod, uid, container;  ///< empty where the target was no pod
  Cgroup cgroup;
  std::optional<double> request;
  std::vector<ExplainedLevel> levels;
  std::string missing;  ///< why the following is not known; empty when it is
  double node_cpus = 0;
  double threads = 0;  ///< runnable ones in it and below, averaged over a tenth of a second
  double share = 0;    ///< of the node: the product of the levels'
  std::optional<Standing> now;
  std::optional<Standing> then;    ///< with the weight that was asked about
  std::optional<Outlook> outlook;  ///< with it, too
  std::vector<std::string> warnings;
  std::vector<RuleWord> rules;
  std::string note;  ///< e.g. which cgroup a pid is in; may be empty
};

}  // namespace mus
