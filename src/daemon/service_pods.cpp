// SPDX-License-Identifier: Apache-2.0
// GET /pods: who is on this node, where, with what weight, and what they have run and waited.
#include <map>
#include <utility>

#include "core/forecast.hpp"
#include "core/node_view.hpp"
#include "daemon/service.hpp"

namespace mus {
namespace {

constexpr std::chrono::seconds kFiguresAge{1};

std::shared_ptr<const CgroupFigures> with_shares(const TreeView& view, const Policies& policies,
                                                 const GuardOptions& guards) {
  auto figures = std::make_shared<CgroupFigures>(*view.figures);
  const DividedTree tree(view, policies, guards);
  const Forecast forecast(tree);
  for (std::size_t i = 0; i < view.records.size(); ++i) {
    const auto found = figures->cgroups.find(view.records[i].id);
    if (found != figures->cgroups.end()) found->second.share_cpus = forecast.cpus(i);
  }
  return figures;
}

}  // namespace

std::shared_ptr<const CgroupFigures> MusService::figures() {
  static const auto kNone = std::make_shared<const CgroupFigures>();
  Policies policies;
  {
    const Lock lock(mutex_);
    if (!attachment_.attached() || !scheduler_.shares() || !options_.scheduler.meters) return kNone;
    policies = force().map;
  }
  const auto view = tree_watch_.recent(kFiguresAge, options_.figures_patience);
  std::shared_ptr<const CgroupFigures> figures;
  if (view && (*view)->figures) figures = with_shares(**view, policies, guards());
  const Lock lock(snapshot_mutex_);
  if (figures) figures_ = std::move(figures);
  return figures_ ? figures_ : kNone;
}

ServiceResult<std::vector<PodRow>> MusService::pods() {
  const auto list = resolver_.list(PodSource::Freshness::cached);
  if (!list) return tl::unexpected(list.error());
  auto directories = tree_.pods();
  if (!directories) return tl::unexpected(ServiceError{directories.error(), {}, {}});
  NodeView view;
  view.directories = std::move(*directories);
  const NodeIndex index(view);

  PathWeights weights;
  const auto stats = figures();
  std::map<CgroupId, LimitStats> limits;
  {
    const Lock lock(mutex_);
    weights = weights_by_path(reaches_, force());
    for (const auto& ruled : show_ruled(ruled_, force(), options_.now())) {
      for (const auto& applied : ruled.applied) weights[applied.cgroup.path] = applied.weight;
    }
    for (const auto& limit : stats_.limits) {
      if (limit.quota_us > 0) limits.emplace(limit.id, limit);
    }
  }

  std::vector<PodRow> rows;
  for (const auto& pod : (*list)->pods) {
    for (const auto& container : pod.containers) {
      PodRow row;
      row.ns = pod.ns;
      row.pod = pod.name;
      row.uid = pod.uid;
      row.container = container.name;
      row.container_id = container.id;
      if (const auto leaf = index.leaf(pod, container)) {
        const auto* cgroup = leaf->cgroup;
        row.cgroup = *cgroup;
        row.weight = weight_of(weights, cgroup->path);
        if (const auto* found = stats->find(cgroup->id); found != nullptr) row.stats = *found;
        if (const auto found = limits.find(cgroup->id); found != limits.end()) row.limit = found->second;
      }
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

}  // namespace mus
