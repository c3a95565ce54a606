// SPDX-License-Identifier: Apache-2.0
#include "core/explain.hpp"

#include <cmath>
#include <optional>

#include "core/figures.hpp"
#include "mus/abi.h"

namespace mus {
namespace {

/// Runnable threads of each node and of those that compete below it. A cgroup without the cpu controller does not
/// stand between its threads and the nearest one above that has it.
std::vector<double> demands_of(const TreeDivision& division) {
  std::vector<double> demands(division.nodes.size());
  for (std::size_t i = demands.size(); i-- > 0;) {
    const auto& node = division.nodes[i];
    demands[i] += node.threads;
    if (node.parent != ShareNode::kRoot) demands[node.parent] += demands[i];
  }
  return demands;
}

bool is_lifted(const DividedTree& tree, const CgroupLevel& level) {
  const auto place = tree.view.find(level.cgroup.id);
  return place && tree.view.records[*place].limit > 0 && std::isinf(tree.division.nodes[*place].most);
}

Binding binding(const Forecast& forecast, std::size_t i, double threads, double entitled,
                const std::vector<CgroupLevel>& levels) {
  using Kind = Binding::Kind;
  const auto cpus = figure(forecast.tree().view.cpus);
  const double got = forecast.cpus(i);
  if (got >= threads - kNoticeable) {
    if (forecast.uncontended()) {
      return {Kind::nothing, {}, "Nothing binds: the node is not contended, there is CPU time left."};
    }
    return {Kind::threads,
            {},
            "Its threads: " + figure(threads) + " are runnable on average, and it is entitled to " + figure(entitled) +
                " of " + cpus + " CPUs."};
  }
  if (const auto* limit = binding_limit(forecast, i, levels)) {
    return {Kind::limit, limit->cgroup.path,
            "cpu.max of " + limit->cgroup.path + ": " + figure(limit->limit) +
                " CPUs for all that is below it; it gets " + figure(got) + " and has " + figure(threads) +
                " runnable threads."};
  }
  const double asked = static_cast<double>(forecast.weight(i)) / MUS_WEIGHT_ONE;
  const std::string rest =
      " gives it " + figure(entitled) + " of " + cpus + " CPUs, and it has " + figure(threads) + " runnable threads.";
  if (asked > 1 && forecast.factor(i) < asked * (1 - 1e-6)) {
    return {Kind::ceiling, {}, "The boost ceiling, which leaves CPU time to those without a boost," + rest};
  }
  return {Kind::share, {}, "Its share" + rest};
}

}  // namespace

const CgroupLevel* binding_limit(const Forecast& forecast, std::size_t i, const std::vector<CgroupLevel>& levels) {
  const auto& tree = forecast.tree();
  const double entitled = forecast.entitled(i);
  if (forecast.entitled_without_limits(i) <= entitled + kNoticeable) return nullptr;
  const CgroupLevel* tightest = nullptr;
  const CgroupLevel* alone = nullptr;
  double most = entitled + kNoticeable;
  for (const auto& level : levels) {
    if (level.limit <= 0 || is_lifted(tree, level)) continue;
    if (tightest == nullptr || level.limit <= tightest->limit) tightest = &level;
    const auto place = tree.view.find(level.cgroup.id);
    if (!place) continue;
    if (const double without = forecast.entitled_without_limit_of(i, *place); without > most) {
      most = without;
      alone = &level;
    }
  }
  return alone != nullptr ? alone : tightest;
}

std::vector<ExplainedLevel> explain_levels(const DividedTree& tree, const std::vector<CgroupLevel>& levels) {
  const auto& nodes = tree.division.nodes;
  const auto demands = demands_of(tree.division);
  std::vector<ExplainedLevel> explained;
  for (const auto& level : levels) {
    ExplainedLevel out;
    out.level = level;
    if (const auto place = tree.view.find(level.cgroup.id)) {
      out.known = true;
      out.lifted = is_lifted(tree, level);
      const auto& node = nodes[*place];
      for (std::size_t k = 0; k < nodes.size(); ++k) {
        if (k == *place || nodes[k].parent != node.parent || demands[k] <= kAsleep) continue;
        ++out.active_siblings;
        out.rivals += nodes[k].weight;
      }
      if (node.parent != ShareNode::kRoot && nodes[node.parent].threads > kAsleep)
        out.rivals += nodes[node.parent].load;
      out.share = node.weight / (node.weight + out.rivals);
    }
    explained.push_back(std::move(out));
  }
  return explained;
}

double share_of_node(const std::vector<ExplainedLevel>& levels) {
  double share = 1;
  for (const auto& level : levels) {
    if (level.known) share *= level.share;
  }
  return share;
}

Standing standing(const Forecast& forecast, std::size_t i, const std::vector<CgroupLevel>& levels) {
  const auto& tree = forecast.tree();
  Standing out;
  out.weight = forecast.weight(i);
  out.factor = forecast.factor(i);
  out.effective_weight = tree.division.shares[i].whole * out.factor * kThreadWeight;
  out.entitled = forecast.entitled(i);
  out.cpus = forecast.cpus(i);
  const double threads = with_below(tree.view.threads, tree.parents)[i];
  out.binds = binding(forecast, i, threads, out.entitled, levels);
  return out;
}

}  // namespace mus
