// SPDX-License-Identifier: Apache-2.0
#include "core/guard.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "mus/abi.h"

namespace mus {
namespace {

constexpr double kPreciseFactor = 1e-3;  // of a factor
constexpr double kRounding = 1e-6;       // of CPU time

double times(std::uint32_t boost) {
  return static_cast<double>(boost) / MUS_WEIGHT_ONE;
}

/// What each kind gets.
struct Totals {
  double all = 0;
  double boosted = 0;
  double services = 0;
};

class Scale {
 public:
  Scale(const TreeDivision& tree, const std::vector<std::uint32_t>& boosts, const std::vector<bool>& services)
      : filling_(tree), tree_(tree), boosts_(boosts), services_(services), factors_(boosts.size()) {}

  [[nodiscard]] Totals with(const Guards& guards) {
    return weigh([&](std::size_t i) { return times(boosts_[i]) * guards.factor(boosts_[i], services_[i]); });
  }
  [[nodiscard]] Totals without_boosts() {
    return weigh([&](std::size_t i) { return std::min(times(boosts_[i]), 1.0); });
  }
  /// The largest boost of what runs; 1 without any.
  [[nodiscard]] double largest() const {
    double largest = 1;
    for (std::size_t i = 0; i < boosts_.size(); ++i) {
      if (tree_.nodes[i].threads > kAsleep) largest = std::max(largest, times(boosts_[i]));
    }
    return largest;
  }

 private:
  template <class Factor>
  Totals weigh(Factor factor) {
    for (std::size_t i = 0; i < boosts_.size(); ++i) factors_[i] = factor(i);
    const auto& got = filling_.fill(factors_);
    Totals totals;
    for (std::size_t i = 0; i < boosts_.size(); ++i) {
      totals.all += got[i];
      if (boosts_[i] > MUS_WEIGHT_ONE) totals.boosted += got[i];
      if (boosts_[i] == MUS_WEIGHT_ONE && services_[i]) totals.services += got[i];
    }
    return totals;
  }

  Filling filling_;
  const TreeDivision& tree_;
  const std::vector<std::uint32_t>& boosts_;
  const std::vector<bool>& services_;
  std::vector<double> factors_;
};

// Between one that is good and one that is not: the last good one, when they have come close.
template <class Good>
double bisect(double good, double bad, Good is_good) {
  while (std::abs(good / bad - 1) > kPreciseFactor) {
    const double middle = std::sqrt(good * bad);
    (is_good(middle) ? good : bad) = middle;
  }
  return good;
}

double find_ceiling(Scale& scale, double most, double largest) {
  const auto holds = [&](double boosted) { return scale.with({boosted, 1}).boosted <= most * (1 + kRounding); };
  return holds(1) ? 1 : bisect(1 / largest, 1, holds);
}

double find_floor(Scale& scale, double boosted, double least, double largest) {
  const auto holds = [&](double services) {
    return scale.with({boosted, services}).services >= least * (1 - kRounding);
  };
  // With the weight of a boost they have at least what they had without any.
  return holds(1) ? 1 : bisect(std::max(1.0, largest * boosted), 1, holds);
}

// The floor is what services may use, not what they do: one with the weight for just what it uses would wait for each
// of its turns. So they are taken to want all CPUs together, each in proportion. False: none of them runs.
bool want_more(TreeDivision& tree, const std::vector<std::uint32_t>& boosts, const std::vector<bool>& services) {
  const auto counts = [&](std::size_t i) {
    return services[i] && boosts[i] == MUS_WEIGHT_ONE && tree.nodes[i].threads > kAsleep;
  };
  double threads = 0;
  for (std::size_t i = 0; i < boosts.size(); ++i) threads += counts(i) ? tree.nodes[i].threads : 0;
  if (threads <= 0) return false;
  const double more = std::max(1.0, tree.cpus / threads);
  for (std::size_t i = 0; i < boosts.size(); ++i) {
    if (counts(i)) tree.nodes[i].threads *= more;
  }
  return true;
}

}  // namespace

double Guards::factor(std::uint32_t boost, bool service) const {
  if (boost > MUS_WEIGHT_ONE) return std::max(boosted, 1 / times(boost));
  return boost == MUS_WEIGHT_ONE && service ? services : 1;
}

std::vector<bool> find_services(const std::vector<CgroupRecord>& records, const std::vector<CgroupId>& ids) {
  std::unordered_set<std::uint64_t> known;
  for (const auto id : ids) known.insert(to_u64(id));
  std::vector<bool> services(records.size());
  if (known.empty()) return services;
  for (std::size_t i = 0; i < records.size(); ++i) {  // parents come before their children
    services[i] = known.contains(to_u64(records[i].id)) || known.contains(to_u64(records[i].parent));
    if (services[i]) known.insert(to_u64(records[i].id));
  }
  return services;
}

Guards find_guards(const TreeDivision& tree, const std::vector<std::uint32_t>& boosts,
                   const std::vector<bool>& services, const GuardOptions& options) {
  Guards guards;
  Scale scale(tree, boosts, services);
  const double largest = scale.largest();
  if (largest <= 1) return guards;
  const auto baseline = scale.without_boosts();
  if (baseline.all < tree.cpus * (1 - kRounding)) return guards;

  if (options.boost_ceiling < 1) {
    guards.boosted = find_ceiling(scale, std::max(options.boost_ceiling * tree.cpus, baseline.boosted), largest);
  }
  if (options.node_floor <= 0) return guards;
  const double part = options.node_floor * tree.cpus;
  if (baseline.services > 0) {
    guards.services = find_floor(scale, guards.boosted, std::min(part, baseline.services), largest);
  }
  auto wanting = tree;
  auto boosts_too = boosts;
  auto services_too = services;
  if (!want_more(wanting, boosts, services)) {
    // Threads of the root cgroup: how many of them run is not known.
    wanting.nodes.push_back({ShareNode::kRoot, kThreadWeight, 1, kThreadWeight});
    wanting.shares.push_back({1, 1, 0});
    boosts_too.push_back(MUS_WEIGHT_ONE);
    services_too.push_back(true);
  }
  Scale scale_too(wanting, boosts_too, services_too);
  const double least = std::min(part, scale_too.without_boosts().services);
  guards.services = std::max(guards.services, find_floor(scale_too, guards.boosted, least, largest));
  return guards;
}

}  // namespace mus
