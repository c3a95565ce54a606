// SPDX-License-Identifier: Apache-2.0
#include "core/shares.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace mus {
namespace {

/// Siblings that share a capacity, in the order in which they are satisfied as the level (CPU time per weight) rises.
/// Up to any level the first k are satisfied, so what they and the others take is the sum of two.
class Division {
 public:
  struct Entrant {
    double weight;
    double demand;  ///< CPUs that it could use
    [[nodiscard]] double satisfied_at() const { return demand / weight; }
  };

  void begin() { entrants_.clear(); }
  /// Returns its number.
  std::size_t add(Entrant entrant) {
    entrants_.push_back(entrant);
    return entrants_.size() - 1;
  }
  void fill(double capacity);

  [[nodiscard]] double weights() const { return hungry_.front(); }
  /// What entrant `number` could have if it had no limit.
  [[nodiscard]] double potential(std::size_t number) const { return potential(entrants_[number], place_[number]); }
  /// The same for one that sleeps, if it came.
  [[nodiscard]] double newcomer(double weight) const { return potential({weight, 0}, 0); }

 private:
  [[nodiscard]] double potential(const Entrant& one, std::size_t place) const;
  [[nodiscard]] const Entrant& in_order(std::size_t k) const { return entrants_[order_[k]]; }

  double capacity_ = 0;
  std::vector<Entrant> entrants_;
  std::vector<std::size_t> order_;  ///< of satisfaction: [k] is an entrant's number
  std::vector<std::size_t> place_;  ///< the other way round
  std::vector<double> satisfied_;   ///< [k]: demand of the first k
  std::vector<double> hungry_;      ///< [k]: weight of all others
};

void Division::fill(double capacity) {
  const std::size_t count = entrants_.size();
  capacity_ = capacity;
  order_.resize(count);
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::sort(order_.begin(), order_.end(),
            [this](std::size_t a, std::size_t b) { return entrants_[a].satisfied_at() < entrants_[b].satisfied_at(); });
  place_.resize(count);
  satisfied_.assign(count + 1, 0);
  hungry_.assign(count + 1, 0);
  for (std::size_t k = 0; k < count; ++k) {
    place_[order_[k]] = k;
    satisfied_[k + 1] = satisfied_[k] + in_order(k).demand;
  }
  for (std::size_t k = count; k-- > 0;) hungry_[k] = hungry_[k + 1] + in_order(k).weight;
}

// The level at which all is taken if `one` takes without limit, times its weight.
double Division::potential(const Entrant& one, std::size_t place) const {
  std::size_t low = 0;
  std::size_t high = order_.size();
  while (low < high) {  // how many are satisfied at that level
    const std::size_t k = (low + high) / 2;
    const double level = in_order(k).satisfied_at();
    const double beyond = std::max(0.0, one.weight * level - one.demand);
    if (satisfied_[k] + hungry_[k] * level + beyond < capacity_) {
      low = k + 1;
    } else {
      high = k;
    }
  }
  const bool among_the_hungry = one.demand > 0 && place >= low;
  const double rest = capacity_ - satisfied_[low] + (among_the_hungry ? 0 : one.demand);
  const double weights = hungry_[low] + (among_the_hungry ? 0 : one.weight);
  return std::min(one.weight * rest / weights, capacity_);
}

/// The nodes below each: children of node i are list[first[i]] to list[first[i + 1] - 1]; of the root, the last.
struct Children {
  std::vector<std::size_t> first;
  std::vector<std::size_t> list;
};

std::size_t place_of(std::uint32_t parent, std::size_t count) {
  return parent == ShareNode::kRoot ? count : parent;
}

Children children_of(const std::vector<ShareNode>& nodes) {
  Children children;
  children.first.assign(nodes.size() + 2, 0);
  for (const auto& node : nodes) ++children.first[place_of(node.parent, nodes.size()) + 1];
  std::partial_sum(children.first.begin(), children.first.end(), children.first.begin());
  children.list.resize(nodes.size());
  auto next = children.first;
  for (std::size_t i = 0; i < nodes.size(); ++i) children.list[next[place_of(nodes[i].parent, nodes.size())]++] = i;
  return children;
}

std::vector<double> demands_of(const std::vector<ShareNode>& nodes) {
  std::vector<double> demands(nodes.size());
  for (std::size_t i = nodes.size(); i-- > 0;) {
    demands[i] = std::min(demands[i] + nodes[i].threads, nodes[i].most);
    if (nodes[i].parent != ShareNode::kRoot) demands[nodes[i].parent] += demands[i];
  }
  return demands;
}

}  // namespace

std::vector<Share> divide(const std::vector<ShareNode>& nodes, double cpus) {
  const Children children = children_of(nodes);
  const std::vector<double> demands = demands_of(nodes);
  std::vector<Share> shares(nodes.size());
  std::vector<double> may_use(nodes.size());
  std::vector<std::size_t> numbers(nodes.size());
  Division division;

  const auto divide_among = [&](std::size_t parent, double capacity) {
    const bool top = parent == nodes.size();
    division.begin();
    for (std::size_t i = children.first[parent]; i < children.first[parent + 1]; ++i) {
      const std::size_t child = children.list[i];
      if (demands[child] > kAsleep) numbers[child] = division.add({nodes[child].weight, demands[child]});
    }
    const bool own_threads = !top && nodes[parent].threads > kAsleep;
    const std::size_t own = own_threads ? division.add({nodes[parent].load, nodes[parent].threads}) : 0;
    division.fill(capacity);

    for (std::size_t i = children.first[parent]; i < children.first[parent + 1]; ++i) {
      const std::size_t child = children.list[i];
      const double weight = nodes[child].weight;
      may_use[child] = demands[child] > kAsleep ? division.potential(numbers[child]) : division.newcomer(weight);
      shares[child].whole = top ? weight / kThreadWeight : shares[parent].whole * may_use[child] / capacity;
    }
    if (top) return;
    const double own_use = own_threads ? division.potential(own) : division.newcomer(kThreadWeight);
    shares[parent].own = shares[parent].whole * own_use / capacity;
    shares[parent].rivals = division.weights();
  };

  divide_among(nodes.size(), cpus);
  for (std::size_t i = 0; i < nodes.size(); ++i) divide_among(i, std::min(may_use[i], nodes[i].most));
  return shares;
}

}  // namespace mus
