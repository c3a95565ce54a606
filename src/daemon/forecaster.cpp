// SPDX-License-Identifier: Apache-2.0
#include "daemon/forecaster.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "core/explain.hpp"

namespace mus {
namespace {

constexpr std::size_t kMostEffects = 10;
constexpr std::size_t kMostWarned = 4;  // of boosts that act on many

std::string name_of(const AppliedCgroup& one) {
  if (one.pod.empty()) return one.cgroup.path;
  return one.ns + "/" + one.pod + (one.container.empty() ? "" : "/" + one.container);
}

}  // namespace

std::vector<CgroupLevel> Forecaster::levels(const Cgroup& cgroup) const {
  auto found = tree_.levels(cgroup);
  return found ? std::move(*found) : std::vector<CgroupLevel>{};
}

std::optional<double> Forecaster::request(CgroupId id, TimePoint now) {
  const auto list = pods_.known();
  const auto containers = names_.containers(list.get(), now);
  const auto found = containers.find(to_u64(id));
  return found == containers.end() ? std::nullopt : found->second.request;
}

Outlook Forecaster::without_tree(std::string why, const std::vector<AppliedCgroup>& boosted) const {
  Outlook out;
  out.missing = std::move(why);
  for (std::size_t i = 0; i < std::min(boosted.size(), kMostWarned); ++i) {
    for (auto& warning : warnings_without_tree({name_of(boosted[i]), levels(boosted[i].cgroup)})) {
      out.warnings.push_back(std::move(warning));
    }
  }
  return out;
}

Outlook Forecaster::outlook(const DividedTree& before, const DividedTree& after,
                            const std::vector<AppliedCgroup>& boosted, TimePoint now) {
  const auto list = pods_.known();
  const auto containers = names_.containers(list.get(), now);
  std::unordered_set<std::uint64_t> ids;
  for (const auto& [id, container] : containers) ids.insert(id);

  const auto& tree = before;
  Outlook out;
  out.node_cpus = tree.view.cpus;
  const auto threads = with_below(tree.view.threads, tree.parents);
  for (const auto& loss : losses(Forecast(before), Forecast(after), ids)) {
    const auto id = tree.view.records[loss.index].id;
    Effect effect;
    effect.cpus_before = loss.before;
    effect.cpus_after = loss.after;
    if (const auto known = containers.find(to_u64(id)); known != containers.end()) {
      const auto& container = known->second;
      effect.ns = container.ns;
      effect.pod = container.pod;
      effect.container = container.container;
      effect.cgroup = container.cgroup;
      effect.request = container.request;
    } else {
      effect.cgroup.id = id;
      if (out.effects.size() < kMostEffects) effect.cgroup.path = names_.path(tree.view, tree.parents, loss.index);
    }
    // It could use what it requests and no longer gets that.
    if (effect.request && effect.cpus_after < std::min(*effect.request, threads[loss.index]) - kNoticeable) {
      out.below_request.push_back(effect);
    }
    if (out.effects.size() < kMostEffects) out.effects.push_back(std::move(effect));
  }
  for (std::size_t i = 0; i < std::min(boosted.size(), kMostWarned); ++i) {
    const auto& one = boosted[i];
    const Boosted about{name_of(one), levels(one.cgroup)};
    const auto place = tree.view.find(one.cgroup.id);
    for (auto& warning : place ? warnings(after, *place, about) : warnings_without_tree(about)) {
      out.warnings.push_back(std::move(warning));
    }
  }
  return out;
}

}  // namespace mus
