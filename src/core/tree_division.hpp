// SPDX-License-Identifier: Apache-2.0
// CPU time divided between the cgroups of a tree: from what the scheduler sees of it, to what each of them may weigh
// and what each of them gets. Pure arithmetic.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/shares.hpp"
#include "mus/scheduler.hpp"

namespace mus {

/// struct task_group's shares for one of cpu.weight (kernel/sched/core.c, cpu_weight_write_u64()).
inline constexpr double kSharesPerWeight = 1024.0 / 100;

/// Parallel to the records.
struct TreeDivision {
  std::vector<ShareNode> nodes;
  std::vector<Share> shares;  ///< divide(nodes, cpus)
  double cpus = 1;
};

/// `threads` and `loads` are of each record's own threads, averaged over time: how many are runnable (so what they
/// could use, in CPUs), and what they weigh together while one is. Records of cgroups without the cpu controller
/// compete in the nearest one above that has it. A cpu.max counts unless a policy at or below that cgroup lifts it.
[[nodiscard]] TreeDivision divide_tree(const std::vector<CgroupRecord>& records, const std::vector<double>& threads,
                                       const std::vector<double>& loads, double cpus);

/// CPUs that each cgroup's own threads get in the division without levels, when shares[i].own is multiplied by
/// factors[i] (above 0). Threads and the limits of all cgroups above hold.
[[nodiscard]] std::vector<double> allotments(const TreeDivision& tree, const std::vector<double>& factors);

/// The factor by which the shares are to be multiplied, so that CPU time that is used weighs 1 on average, where
/// `allotted` is allotments() with factors of 1. Virtual time then passes as fast as it would without a hierarchy, and
/// its constants keep their meaning. 1 when nothing runs.
[[nodiscard]] double normaliser(const TreeDivision& tree, const std::vector<double>& allotted);

/// allotments() for several sets of factors, one after the other: what they have in common is done once.
///
/// A cgroup with a limit and all that runs below it, up to the next limits, are a domain; the rest of the machine is
/// one too. All that runs in a domain is served up to the same level, CPU time per weight, or to its threads' number.
/// A domain's level is that of the one above it, unless its limit does not allow that.
class Filling {
 public:
  explicit Filling(const TreeDivision& tree);

  /// Valid until the next call. `tree` is no longer looked at.
  [[nodiscard]] const std::vector<double>& fill(const std::vector<double>& factors);

 private:
  struct Entry {
    std::size_t node;
    double share;
    double threads;
    double weight;  ///< share x factor
  };
  struct Domain {
    std::size_t above;  ///< another domain, before this one
    std::size_t end;    ///< this domain and those below it are [itself, end)
    double most;
    std::size_t first_entry;
    std::size_t end_entry;
    double level;
    double used = 0;   ///< at the level that is tried, and ...
    double slope = 0;  ///< ... how fast that grows with it
  };

  void order_domains(const std::vector<std::size_t>& above, const std::vector<double>& most,
                     std::vector<std::size_t>& place);
  void try_level(std::size_t domain, double level);
  [[nodiscard]] double find_level(std::size_t domain, double start);

  std::vector<Domain> domains_;  ///< each before those below it, without a gap
  std::vector<Entry> entries_;   ///< by domain
  std::vector<double> got_;
};

}  // namespace mus
