// SPDX-License-Identifier: Apache-2.0
// A slow model of what Linux' group scheduling does level by level, and random trees to try it on.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <random>
#include <vector>

#include "core/tree_division.hpp"

namespace mus::model {

constexpr std::uint32_t kRoot = ShareNode::kRoot;

struct Taker {
  double weight, demand, got = 0;
};

// What remains is divided by weight among those who want more, until nothing remains or nobody does.
inline void fill(std::vector<Taker*> takers, double capacity) {
  while (capacity > 1e-12 && !takers.empty()) {
    double weights = 0;
    for (const auto* taker : takers) weights += taker->weight;
    double given = 0;
    for (auto* taker : takers) {
      const double more = std::min(taker->demand - taker->got, capacity * taker->weight / weights);
      taker->got += more;
      given += more;
    }
    capacity -= given;
    std::erase_if(takers, [](const Taker* taker) { return taker->demand - taker->got < 1e-12; });
  }
}

inline double demand_of(const std::vector<ShareNode>& nodes, std::uint32_t node) {
  double sum = nodes[node].threads;
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].parent == node) sum += demand_of(nodes, i);
  }
  return std::min(sum, nodes[node].most);
}

// CPUs that each node's own threads get, level by level.
inline std::vector<double> level_by_level(const std::vector<ShareNode>& nodes, double cpus) {
  std::vector<double> own(nodes.size());
  const std::function<void(std::uint32_t, double)> below = [&](std::uint32_t parent, double capacity) {
    std::vector<std::uint32_t> who;
    std::vector<Taker> takers;
    for (std::uint32_t i = 0; i < nodes.size(); ++i) {
      if (nodes[i].parent != parent) continue;
      who.push_back(i);
      takers.push_back({nodes[i].weight, demand_of(nodes, i)});
    }
    if (parent != kRoot && nodes[parent].threads > 0) takers.push_back({nodes[parent].load, nodes[parent].threads});
    std::vector<Taker*> all;
    for (auto& taker : takers) all.push_back(&taker);
    fill(all, capacity);
    if (takers.size() > who.size()) own[parent] = takers.back().got;
    for (std::size_t i = 0; i < who.size(); ++i) below(who[i], takers[i].got);
  };
  below(kRoot, cpus);
  return own;
}

inline TreeDivision divided(const std::vector<ShareNode>& nodes, double cpus) {
  return {nodes, divide(nodes, cpus), cpus};
}

// What the division without levels gives.
inline std::vector<double> flat(const std::vector<ShareNode>& nodes, double cpus) {
  return allotments(divided(nodes, cpus), std::vector<double>(nodes.size(), 1));
}

// What a node gets with all below it, of what each node's own threads get.
inline std::vector<double> sums(const std::vector<ShareNode>& nodes, std::vector<double> own) {
  for (std::size_t i = nodes.size(); i-- > 0;) {
    if (nodes[i].parent != kRoot) own[nodes[i].parent] += own[i];
  }
  return own;
}

class Trees {
 public:
  explicit Trees(unsigned seed) : random_(seed) {}
  std::vector<ShareNode> next() {
    std::vector<ShareNode> nodes(number(1, 24));
    for (std::uint32_t i = 0; i < nodes.size(); ++i) {
      const auto parent = static_cast<std::uint32_t>(number(0, i));
      nodes[i].parent = parent == i ? kRoot : parent;
      nodes[i].weight = number(0, 3) == 0 ? 1 : static_cast<double>(number(1, 10000));
      if (number(0, 2) == 0) continue;
      nodes[i].threads = static_cast<double>(number(1, 800)) / 100;
      nodes[i].load = nodes[i].threads * static_cast<double>(number(3, 300));
    }
    return nodes;
  }
  std::vector<ShareNode> next_with_limits() {
    auto nodes = next();
    for (auto& node : nodes) {
      if (number(0, 2) == 0) node.most = static_cast<double>(number(1, 400)) / 100;
    }
    return nodes;
  }
  std::size_t number(std::size_t least, std::size_t most) {
    return std::uniform_int_distribution<std::size_t>(least, most)(random_);
  }

 private:
  std::mt19937 random_;
};

}  // namespace mus::model
