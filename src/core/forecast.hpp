// SPDX-License-Identifier: Apache-2.0
// Who gets how much with one set of boosts, and who loses by another: pure arithmetic on one look at the tree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_set>
#include <vector>

#include "core/boosts.hpp"
#include "core/guard.hpp"
#include "core/tree_division.hpp"
#include "core/tree_view.hpp"

namespace mus {

/// A look at the tree, divided once for the forecasts that are made of it.
struct DividedTree {
  /// Of `policies` the lifts count, whatever was lifted when the tree was looked at.
  DividedTree(const TreeView& tree, const Policies& policies, const GuardOptions& options = {})
      : view(tree),
        parents(tree.parents()),
        policy_at(policies_at(tree, parents, policies)),
        division(divide(tree, policy_at)),
        services(find_services(tree.records, tree.services)),
        guards(options) {}

  const TreeView& view;  ///< outlives this
  std::vector<std::size_t> parents;
  std::vector<Policy> policy_at;  ///< the nearest at or above each; weight 1024 without one
  TreeDivision division;
  std::vector<bool> services;
  GuardOptions guards;

 private:
  static std::vector<Policy> policies_at(const TreeView& tree, const std::vector<std::size_t>& parents,
                                         const Policies& policies);
  static TreeDivision divide(const TreeView& tree, const std::vector<Policy>& policy_at);
};

/// The tree with one set of boosts, whatever boosts were in force when it was looked at. `tree` outlives it.
class Forecast {
 public:
  explicit Forecast(const DividedTree& tree);

  /// The weight of the nearest boost at or above it; 1024 without one.
  [[nodiscard]] std::uint32_t weight(std::size_t i) const { return weights_[i]; }
  /// By which its share is multiplied: weight / 1024, and what the guards make of it.
  [[nodiscard]] double factor(std::size_t i) const { return factors_[i]; }
  /// CPUs that it gets with everything below it. Who needs less than it is entitled to gets what it needs.
  [[nodiscard]] double cpus(std::size_t i) const { return cpus_[i]; }
  /// CPUs that it would get if it could use everything. One boost for all of it: its own, whatever is set below it.
  [[nodiscard]] double entitled(std::size_t i) const { return entitled(i, {}); }
  /// The same, with what the guards make of boosts while it uses what it uses: cheaper, and hardly another figure.
  [[nodiscard]] double entitled_as_guarded(std::size_t i) const;
  /// The same without the limits at it and above.
  [[nodiscard]] double entitled_without_limits(std::size_t i) const;
  /// The same without the limit of record `k` alone.
  [[nodiscard]] double entitled_without_limit_of(std::size_t i, std::size_t k) const { return entitled(i, {k}); }
  /// Is there more CPU time than all of them could use?
  [[nodiscard]] bool uncontended() const;
  [[nodiscard]] const DividedTree& tree() const { return tree_; }

 private:
  [[nodiscard]] double entitled(std::size_t i, const std::vector<std::size_t>& unlimited) const;
  /// The division in which it alone wants everything.
  [[nodiscard]] TreeDivision wanting_all(std::size_t i) const;

  const DividedTree& tree_;
  std::vector<std::uint32_t> weights_;
  std::vector<double> factors_;
  std::vector<double> cpus_;
};

struct Loss {
  std::size_t index = 0;
  double before = 0;
  double after = 0;
};

/// Who loses, most first; nobody twice. Reported are `containers`, each with everything below it, and elsewhere the
/// topmost cgroups with threads of their own. Losses that nobody would notice are none. Both of the same look.
[[nodiscard]] std::vector<Loss> losses(const Forecast& before, const Forecast& after,
                                       const std::unordered_set<std::uint64_t>& containers);

/// What is less is no difference, in CPUs.
inline constexpr double kNoticeable = 0.005;

}  // namespace mus
