// SPDX-License-Identifier: Apache-2.0
// GET /pods: who is on this node, where, and with what weight.
#include <map>
#include <string_view>

#include "daemon/service.hpp"

namespace mus {
namespace {

const Cgroup* find_container(const std::map<std::string_view, const PodCgroup*>& by_uid, const Pod& pod,
                             const Container& container) {
  if (container.id.empty()) return nullptr;
  // A static pod's directory is named after the hash of its manifest, not after the uid that the API server gave it.
  for (const auto& key : {pod.uid, pod.config_hash}) {
    const auto found = by_uid.find(key);
    if (key.empty() || found == by_uid.end()) continue;
    for (const auto& leaf : found->second->containers) {
      if (leaf.container_id == container.id) return &leaf.cgroup;
    }
  }
  return nullptr;
}

}  // namespace

ServiceResult<std::vector<PodRow>> MusService::pods() {
  const auto list = resolver_.list(PodSource::Freshness::cached);
  if (!list) return tl::unexpected(list.error());
  const auto directories = tree_.pods();
  if (!directories) return tl::unexpected(ServiceError{directories.error(), {}, {}});
  std::map<std::string_view, const PodCgroup*> by_uid;
  for (const auto& directory : *directories) by_uid.emplace(directory.pod_uid, &directory);

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
  for (const auto& pod : list->pods) {
    for (const auto& container : pod.containers) {
      PodRow row;
      row.ns = pod.ns;
      row.pod = pod.name;
      row.uid = pod.uid;
      row.container = container.name;
      row.container_id = container.id;
      if (const auto* cgroup = find_container(by_uid, pod, container); cgroup != nullptr) {
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
