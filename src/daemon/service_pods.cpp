// SPDX-License-Identifier: Apache-2.0
// GET /pods: who is on this node, where, and with what weight.
#include <map>
#include <utility>

#include "core/node_view.hpp"
#include "daemon/service.hpp"

namespace mus {

ServiceResult<std::vector<PodRow>> MusService::pods() {
  const auto list = resolver_.list(PodSource::Freshness::cached);
  if (!list) return tl::unexpected(list.error());
  auto directories = tree_.pods();
  if (!directories) return tl::unexpected(ServiceError{directories.error(), {}, {}});
  NodeView view;
  view.directories = std::move(*directories);
  const NodeIndex index(view);

  PathWeights weights;
  std::map<CgroupId, CgroupStats> stats;
  std::map<CgroupId, LimitStats> limits;
  {
    const Lock lock(mutex_);
    weights = weights_by_path(reaches_, force());
    stats.insert(stats_.cgroups.begin(), stats_.cgroups.end());
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
        if (const auto found = stats.find(cgroup->id); found != stats.end()) row.stats = found->second;
        if (const auto found = limits.find(cgroup->id); found != limits.end()) row.limit = found->second;
      }
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

}  // namespace mus
