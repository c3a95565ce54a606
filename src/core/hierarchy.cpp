// SPDX-License-Identifier: Apache-2.0
#include "core/hierarchy.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/tree_division.hpp"
#include "mus/abi.h"

namespace mus {
namespace {

// Averages forget two thirds in this time. Longer than a request takes, shorter than anybody notices.
constexpr std::chrono::duration<double> kMemory{0.1};

std::uint32_t bounded(double value, std::uint32_t least) {
  constexpr double most = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::clamp(value, static_cast<double>(least), most));
}

}  // namespace

const Hierarchy::Average& Hierarchy::average(const CgroupRecord& cgroup, double fresh) {
  const auto [entry, first] = averages_.try_emplace(to_u64(cgroup.id));
  auto& average = entry->second;
  const double part = first ? 1 : fresh;
  average.threads += (cgroup.threads - average.threads) * part;
  average.load += (cgroup.load - average.load) * part;
  average.seen = round_;
  return average;
}

double Hierarchy::Average::load_when_runnable() const {
  return threads > kAsleep ? load / std::min(threads, 1.0) : kThreadWeight;
}

ShareUpdate Hierarchy::update(const std::vector<CgroupRecord>& cgroups, unsigned cpus, std::chrono::nanoseconds elapsed,
                              const std::vector<CgroupId>& services) {
  const double fresh = 1 - std::exp(-std::chrono::duration<double>(elapsed) / kMemory);
  ++round_;

  threads_.clear();
  loads_.clear();
  std::vector<std::uint32_t> boosts;
  for (const auto& cgroup : cgroups) {
    const auto& recent = average(cgroup, fresh);
    threads_.push_back(recent.threads);
    loads_.push_back(recent.load_when_runnable());
    boosts.push_back(cgroup.boost);
  }
  std::erase_if(averages_, [this](const auto& entry) { return entry.second.seen != round_; });

  const auto tree = divide_tree(cgroups, threads_, loads_, cpus);
  const auto allotted = allotments(tree, std::vector<double>(cgroups.size(), 1));
  const double scale = normaliser(tree, allotted) * MUS_SHARE_ONE;
  const auto is_service = find_services(cgroups, services);
  const auto guards = find_guards(tree, boosts, is_service, options_);
  ShareUpdate update;
  update.root = bounded(scale * guards.services, 1);
  update.heaviest = guards.services > 1 ? std::max<std::uint32_t>(MUS_SHARE_ONE, update.root) : MUS_SHARE_ONE;
  update.flows.reserve(cgroups.size());
  for (std::size_t i = 0; i < cgroups.size(); ++i) {
    if (cgroups[i].flow == 0) continue;
    const double factor = guards.factor(boosts[i], is_service[i]);
    // A boost multiplies what was cut because of it: rounded down, small ones would get less than without a boost.
    const auto published = [&](double share) {
      return bounded(factor < 1 ? std::ceil(share * scale * factor) : share * scale * factor, 1);
    };
    const FlowShare share{cgroups[i].flow, published(tree.shares[i].own), published(tree.shares[i].whole),
                          bounded(tree.shares[i].rivals * kSharesPerWeight, 0)};
    if (threads_[i] > 0) {
      const double boosted = static_cast<double>(share.own) * boosts[i] / MUS_WEIGHT_ONE;
      update.heaviest = std::max(update.heaviest, bounded(boosted, 1));
    }
    update.flows.push_back(share);
  }
  return update;
}

}  // namespace mus
