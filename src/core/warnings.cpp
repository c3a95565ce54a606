// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "core/explain.hpp"
#include "core/figures.hpp"
#include "mus/abi.h"

namespace mus {
namespace {

constexpr double kUsefulPart = 0.25;  // of the node ...
constexpr double kUsefulCpus = 1;     // ... but no more than one CPU is asked for

// Weights change nothing about how the tree is divided, only what is made of that.
double entitled_with(const DividedTree& tree, std::size_t i, std::uint32_t weight) {
  auto changed = tree;
  // What is below it and has no policy of its own goes along, but that is part of it either way.
  changed.policy_at[i].weight = weight;
  return Forecast(changed).entitled_without_limits(i);
}

// Two digits are enough for a weight.
std::uint32_t rounded_up(std::uint32_t weight) {
  std::uint32_t unit = 1;
  while (weight / unit >= 100) unit *= 10;
  return std::min<std::uint32_t>((weight + unit - 1) / unit * unit, MUS_WEIGHT_MAX);
}

/// The least weight that is enough; none when the largest is not.
std::optional<std::uint32_t> weight_for(const DividedTree& tree, std::size_t i, std::uint32_t least, double wanted) {
  std::uint32_t enough = MUS_WEIGHT_MAX;
  if (entitled_with(tree, i, enough) < wanted) return std::nullopt;
  while (enough > least + 1 && static_cast<double>(enough) > least * 1.005) {
    // Halfway on the scale on which weights differ by factors.
    const auto middle = static_cast<std::uint32_t>(std::sqrt(static_cast<double>(least) * enough));
    (entitled_with(tree, i, middle) < wanted ? least : enough) = middle;
  }
  return rounded_up(enough);
}

std::string entitlement_text(double entitled, double cpus) {
  return percent(entitled / cpus) + " of the node (" + figure(entitled) + " of " + figure(cpus) + " CPUs)";
}

}  // namespace

std::vector<std::string> warnings_without_tree(const Boosted& boosted) {
  std::vector<std::string> out;
  for (const auto& level : boosted.levels) {
    if (!level.idle) continue;
    out.push_back("cpu.idle of " + level.cgroup.path + " covers " + boosted.name +
                  ": a boost gives it a larger share, no preference");
    break;
  }
  return out;
}

std::vector<std::string> warnings(const DividedTree& tree, std::size_t i, const Boosted& boosted) {
  auto out = warnings_without_tree(boosted);
  const Forecast forecast(tree);
  const double cpus = tree.view.cpus;
  const double entitled = forecast.entitled_without_limits(i);
  if (const auto* limit = binding_limit(forecast, i, boosted.levels)) {
    out.push_back(boosted.name + " is limited to " + figure(limit->limit) + " CPUs by cpu.max of " +
                  limit->cgroup.path + ", and would be entitled to " + figure(entitled) + " without: " +
                  (tree.policy_at[i].lifted_from == 0 ? "ignore_limit=true lifts it where the configuration allows it"
                                                      : "it is above what a boost may lift"));
  }
  const double useful = std::min(kUsefulPart * cpus, kUsefulCpus);
  const auto weight = forecast.weight(i);
  if (weight <= MUS_WEIGHT_ONE || entitled >= useful - kNoticeable) return out;
  auto text = "even with this boost " + boosted.name + " is entitled to " + entitlement_text(entitled, cpus);
  if (const auto enough = weight_for(tree, i, weight, useful)) {
    text += ": raise the weight to " + std::to_string(*enough) + " for " + percent(useful / cpus);
  } else {
    text += ", and to " + entitlement_text(entitled_with(tree, i, MUS_WEIGHT_MAX), cpus) + " with the largest weight";
  }
  out.push_back(std::move(text));
  return out;
}

}  // namespace mus
