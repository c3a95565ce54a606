// SPDX-License-Identifier: Apache-2.0
#include "core/forecast.hpp"

#include <algorithm>
#include <limits>

#include "mus/abi.h"

namespace mus {
namespace {

std::vector<std::uint32_t> weights_of(const DividedTree& tree) {
  std::vector<std::uint32_t> weights;
  weights.reserve(tree.policy_at.size());
  for (const auto& policy : tree.policy_at) weights.push_back(policy.weight);
  return weights;
}

std::vector<double> factors_of(const DividedTree& tree, const TreeDivision& division,
                               const std::vector<std::uint32_t>& weights) {
  const auto guards = find_guards(division, weights, tree.services, tree.guards);
  std::vector<double> factors;
  factors.reserve(weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    factors.push_back(static_cast<double>(weights[i]) / MUS_WEIGHT_ONE * guards.factor(weights[i], tree.services[i]));
  }
  return factors;
}

}  // namespace

std::vector<Policy> DividedTree::policies_at(const TreeView& tree, const std::vector<std::size_t>& parents,
                                             const Policies& policies) {
  std::vector<Policy> at;
  at.reserve(parents.size());
  for (std::size_t i = 0; i < parents.size(); ++i) {
    const auto own = policies.find(tree.records[i].id);
    if (own != policies.end()) {
      at.push_back(own->second);
    } else {
      at.push_back(parents[i] == TreeView::kNone ? Policy(MUS_WEIGHT_ONE) : at[parents[i]]);
    }
  }
  return at;
}

TreeDivision DividedTree::divide(const TreeView& tree, const std::vector<Policy>& policy_at) {
  auto records = tree.records;
  for (std::size_t i = 0; i < records.size(); ++i) records[i].lifted_from = policy_at[i].lifted_from;
  return divide_tree(records, tree.threads, tree.loads, tree.cpus);
}

Forecast::Forecast(const DividedTree& tree)
    : tree_(tree),
      weights_(weights_of(tree)),
      factors_(factors_of(tree, tree.division, weights_)),
      cpus_(with_below(allotments(tree.division, factors_), tree.parents)) {}

double Forecast::entitled_without_limits(std::size_t i) const {
  std::vector<std::size_t> way;
  for (std::size_t k = i; k != TreeView::kNone; k = tree_.parents[k]) way.push_back(k);
  return entitled(i, way);
}

double Forecast::entitled_as_guarded(std::size_t i) const {
  return allotments(wanting_all(i), factors_)[i];
}

TreeDivision Forecast::wanting_all(std::size_t i) const {
  auto one = tree_.division;
  // It competes as one that nothing but others hold back; what is below it is part of it.
  std::vector<bool> below(one.nodes.size());
  for (std::size_t k = i; k < one.nodes.size(); ++k) {
    below[k] = k == i || (tree_.parents[k] != TreeView::kNone && below[tree_.parents[k]]);
    if (below[k]) one.nodes[k].threads = 0;
  }
  one.nodes[i].threads = one.cpus;
  one.shares[i].own = one.shares[i].whole;
  return one;
}

double Forecast::entitled(std::size_t i, const std::vector<std::size_t>& unlimited) const {
  auto one = wanting_all(i);
  for (const auto k : unlimited) one.nodes[k].most = std::numeric_limits<double>::infinity();
  return allotments(one, factors_of(tree_, one, weights_))[i];
}

bool Forecast::uncontended() const {
  double used = 0;
  for (std::size_t i = 0; i < cpus_.size(); ++i) {
    if (tree_.parents[i] == TreeView::kNone) used += cpus_[i];
  }
  return used < tree_.view.cpus - kNoticeable;
}

std::vector<Loss> losses(const Forecast& before, const Forecast& after,
                         const std::unordered_set<std::uint64_t>& containers) {
  const auto& tree = before.tree();
  std::vector<Loss> found;
  std::vector<bool> reported(tree.parents.size());
  for (std::size_t i = 0; i < tree.parents.size(); ++i) {
    if (tree.parents[i] != TreeView::kNone && reported[tree.parents[i]]) {
      reported[i] = true;  // as part of what is above
      continue;
    }
    reported[i] = containers.contains(to_u64(tree.view.records[i].id)) || tree.view.threads[i] > kAsleep;
    if (!reported[i] || before.cpus(i) - after.cpus(i) < kNoticeable) continue;
    found.push_back({i, before.cpus(i), after.cpus(i)});
  }
  std::sort(found.begin(), found.end(), [](const Loss& a, const Loss& b) {
    const double lost = a.before - a.after;
    const double other = b.before - b.after;
    return lost != other ? lost > other : a.index < b.index;
  });
  return found;
}

}  // namespace mus
