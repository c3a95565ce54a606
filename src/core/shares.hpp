// SPDX-License-Identifier: Apache-2.0
// How Linux' group scheduling divides CPU time between cgroups, as one number for each: pure arithmetic.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace mus {

/// Of a thread at nice 0, on cpu.weight's scale.
inline constexpr double kThreadWeight = 100;

/// Threads: an average that has all but decayed.
inline constexpr double kAsleep = 1e-6;

/// One cgroup. Weights are on cpu.weight's scale: 100 is the default.
struct ShareNode {
  static constexpr std::uint32_t kRoot = UINT32_MAX;

  std::uint32_t parent = kRoot;  ///< index of a node before this one, or kRoot
  double weight = 100;           ///< among its siblings
  double threads = 0;            ///< runnable ones directly in it, averaged over time: what it could use, in CPUs
  double load = 0;               ///< what these threads weigh together
  double most = std::numeric_limits<double>::infinity();  ///< CPUs that it may use with all below it; above 0
};

struct Share {
  double own = 1;     ///< weight of the cgroup's own threads together; 1 is a thread of the root cgroup at nice 0
  double whole = 1;   ///< of the cgroup with all below it
  double rivals = 0;  ///< what competes directly below it, in cpu.weight's: a child of the weight w that comes gets
                      ///< whole * w / (rivals + w)
};

/// For each node what it may weigh in a division without levels, so that this gives what the hierarchy would: at each
/// level by weight, and what one cannot use (it has fewer threads, or its limit does not let it) goes to its siblings
/// by weight. For a cgroup that uses less than it may, or sleeps, it is the weight that it would have with no limit to
/// what it can use: sleeping costs nothing, and a limit does not make what is below it weigh less.
///
/// That the two divisions agree: let L be the water level among siblings, that is CPU time per unit of weight. A cgroup
/// with `whole` E that may use C CPUs hands each child with P of these E * P / C, and at the top E is weight / 100; so
/// E is P / (100 L) for every cgroup that is not held back by its own threads, with one L for all of them.
///
/// With limits: P is what a cgroup may use if it had none of its own, and C, what its children divide, is the smaller
/// of P and its limit. Where the limit is the smaller, the children's weights still sum up to E as if it were not
/// there, and are to each other as what they get. The division without levels holds the limit, as BPF does, for all
/// that is below together: it lowers the level of all of them alike, and so gives each P again. Above, the cgroup is
/// one that is satisfied with its limit, like one that has that many threads.
[[nodiscard]] std::vector<Share> divide(const std::vector<ShareNode>& nodes, double cpus);

}  // namespace mus
