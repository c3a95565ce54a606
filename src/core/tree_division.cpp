// SPDX-License-Identifier: Apache-2.0
#include "core/tree_division.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

namespace mus {
namespace {

constexpr double kLeastLimit = 1e-3;  // CPUs: 1 ms in a second is the least that cpu.max takes
constexpr double kNoLimit = std::numeric_limits<double>::infinity();
constexpr double kPreciseUse = 1e-12;

/// At each cgroup, the topmost level at which a policy there or below lifts limits; 0: none does.
std::vector<std::uint32_t> lifted_from(const std::vector<CgroupRecord>& records, const std::vector<ShareNode>& nodes) {
  std::vector<std::uint32_t> lifted(records.size());
  const auto take = [&](std::size_t at, std::uint32_t level) {
    if (level != 0 && (lifted[at] == 0 || level < lifted[at])) lifted[at] = level;
  };
  for (std::size_t i = records.size(); i-- > 0;) {
    take(i, records[i].lifted_from);
    if (nodes[i].parent != ShareNode::kRoot) take(nodes[i].parent, lifted[i]);
  }
  return lifted;
}

}  // namespace

TreeDivision divide_tree(const std::vector<CgroupRecord>& records, const std::vector<double>& threads,
                         const std::vector<double>& loads, double cpus) {
  TreeDivision tree;
  tree.cpus = cpus;
  tree.nodes.reserve(records.size());
  std::unordered_map<std::uint64_t, std::uint32_t> controlled;  // the node at or above each that has the controller
  controlled.reserve(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto& record = records[i];
    const auto above = controlled.find(to_u64(record.parent));
    ShareNode node;
    node.parent = above == controlled.end() ? ShareNode::kRoot : above->second;
    node.threads = threads[i];
    node.load = std::max(loads[i], 1.0);
    // Without the controller its threads are the nearest controlled cgroup's own, and compete there each for itself.
    node.weight = record.shares > 0 ? record.shares / kSharesPerWeight : node.load;
    controlled[to_u64(record.id)] = record.shares > 0 ? static_cast<std::uint32_t>(i) : node.parent;
    tree.nodes.push_back(node);
  }
  const auto lifted = lifted_from(records, tree.nodes);
  for (std::size_t i = 0; i < records.size(); ++i) {
    const bool holds = lifted[i] == 0 || lifted[i] > records[i].level;
    if (records[i].limit > 0 && holds) tree.nodes[i].most = std::max(records[i].limit, kLeastLimit);
  }
  tree.shares = divide(tree.nodes, cpus);
  return tree;
}

Filling::Filling(const TreeDivision& tree) : got_(tree.nodes.size()) {
  const auto& nodes = tree.nodes;
  std::vector<std::size_t> above{0};  // of each domain, the first being the machine
  std::vector<double> most{tree.cpus};
  std::vector<std::size_t> domain_of(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const std::size_t outer = nodes[i].parent == ShareNode::kRoot ? 0 : domain_of[nodes[i].parent];
    domain_of[i] = outer;
    if (nodes[i].most == kNoLimit) continue;
    domain_of[i] = above.size();
    above.push_back(outer);
    most.push_back(nodes[i].most);
  }
  std::vector<std::size_t> place;
  order_domains(above, most, place);

  for (std::size_t i = 0; i < nodes.size(); ++i) {
    domain_of[i] = place[domain_of[i]];
    if (nodes[i].threads > kAsleep) ++domains_[domain_of[i]].end_entry;
  }
  std::size_t next = 0;
  for (auto& domain : domains_) {
    domain.first_entry = next;
    next += domain.end_entry;
    domain.end_entry = domain.first_entry;
  }
  entries_.resize(next);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].threads <= kAsleep) continue;
    entries_[domains_[domain_of[i]].end_entry++] = {i, tree.shares[i].own, nodes[i].threads, 0};
  }
}

void Filling::order_domains(const std::vector<std::size_t>& above, const std::vector<double>& most,
                            std::vector<std::size_t>& place) {
  const std::size_t count = above.size();
  std::vector<std::size_t> size(count, 1);
  for (std::size_t i = count; i-- > 1;) size[above[i]] += size[i];
  place.assign(count, 0);
  std::vector<std::size_t> next(count);  // where the next domain directly below goes
  next[0] = 1;
  domains_.resize(count);
  domains_[0] = {0, count, most[0], 0, 0, 0};
  for (std::size_t i = 1; i < count; ++i) {
    place[i] = next[above[i]];
    next[above[i]] += size[i];
    next[i] = place[i] + 1;
    domains_[place[i]] = {place[above[i]], place[i] + size[i], most[i], 0, 0, 0};
  }
}

// What is used in a domain if there were no limit to it, and in those below it, which keep theirs.
void Filling::try_level(std::size_t top, double level) {
  for (std::size_t d = top; d < domains_[top].end; ++d) domains_[d].used = domains_[d].slope = 0;
  for (std::size_t d = domains_[top].end; d-- > top;) {
    auto& domain = domains_[d];
    for (std::size_t e = domain.first_entry; e < domain.end_entry; ++e) {
      const auto& entry = entries_[e];
      const double use = entry.weight * level;
      const bool hungry = use < entry.threads;
      domain.used += hungry ? use : entry.threads;
      domain.slope += hungry ? entry.weight : 0;
    }
    if (d == top) return;
    if (domain.used < domain.most) {
      domains_[domain.above].slope += domain.slope;
      domains_[domain.above].used += domain.used;
    } else {
      domains_[domain.above].used += domain.most;
    }
  }
}

// The level at which the domain uses what it may, infinity if that is more than it can. What is used grows with the
// level ever more slowly, in straight pieces: a step along the tangent never goes too far, from wherever it starts,
// and few are needed; each but the first passes a corner, which bounds them.
double Filling::find_level(std::size_t top, double start) {
  const auto& domain = domains_[top];
  double level = start;
  for (std::size_t step = 0; step < entries_.size() + domains_.size() + 2; ++step) {
    try_level(top, level);
    const double missing = domain.most - domain.used;
    if (std::abs(missing) <= kPreciseUse * domain.most) break;
    if (domain.slope <= 0 && missing > 0) return kNoLimit;
    const double next = domain.slope > 0 ? std::max(0.0, level + missing / domain.slope) : 0;
    if (step > 0 && next <= level) break;  // rounding
    level = next;
  }
  return level;
}

const std::vector<double>& Filling::fill(const std::vector<double>& factors) {
  for (auto& entry : entries_) entry.weight = entry.share * factors[entry.node];
  for (std::size_t d = 0; d < domains_.size(); ++d) {
    auto& domain = domains_[d];
    // The last one's level is a good start: factors change little from one set to the next.
    const double start = domain.level == kNoLimit ? 0 : domain.level;
    if (d == 0) {
      domain.level = find_level(d, start);
    } else {
      const double level = domains_[domain.above].level;
      try_level(d, level);
      domain.level = domain.used > domain.most ? find_level(d, std::min(start, level)) : level;
    }
    for (std::size_t e = domain.first_entry; e < domain.end_entry; ++e) {
      got_[entries_[e].node] = std::min(entries_[e].weight * domain.level, entries_[e].threads);
    }
  }
  return got_;
}

std::vector<double> allotments(const TreeDivision& tree, const std::vector<double>& factors) {
  return Filling(tree).fill(factors);
}

double normaliser(const TreeDivision& tree, const std::vector<double>& allotted) {
  double used = 0;
  double passed = 0;  // CPU time over weight
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
    if (tree.nodes[i].threads <= kAsleep) continue;
    used += allotted[i];
    passed += allotted[i] / tree.shares[i].own;
  }
  return used > 0 ? passed / used : 1;
}

}  // namespace mus
