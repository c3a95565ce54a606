// SPDX-License-Identifier: Apache-2.0
#include "daemon/cgroup_names.hpp"

#include <chrono>
#include <string_view>
#include <utility>

namespace mus {
namespace {

using namespace std::chrono_literals;

constexpr auto kReadAgain = 2s;
constexpr std::size_t kMostPaths = 16384;

}  // namespace

void CgroupNames::read_pods(TimePoint now) {
  read_at_ = now;
  const auto pods = tree_.pods();
  if (!pods) return;
  leaves_.clear();
  known_.clear();
  for (const auto& pod : *pods) {
    for (const auto& leaf : pod.containers) {
      leaves_.push_back({leaf.container_id, leaf.cgroup});
      known_.insert(leaf.container_id);
    }
  }
}

CgroupNames::Containers CgroupNames::containers(const PodList* list, TimePoint now) {
  std::unordered_map<std::string_view, std::pair<const Pod*, const Container*>> listed;
  bool unknown = false;
  const std::lock_guard lock(mutex_);
  if (list != nullptr) {
    for (const auto& pod : list->pods) {
      for (const auto& container : pod.containers) {
        if (container.id.empty()) continue;
        listed.emplace(container.id, std::pair{&pod, &container});
        unknown = unknown || (container.running && !known_.contains(container.id));
      }
    }
  }
  if (!read_at_ || (unknown && now - *read_at_ >= kReadAgain)) read_pods(now);

  Containers out;
  for (const auto& leaf : leaves_) {
    ContainerCgroup one;
    one.cgroup = leaf.cgroup;
    if (const auto found = listed.find(leaf.container_id); found != listed.end()) {
      const auto& [pod, container] = found->second;
      one.ns = pod->ns;
      one.pod = pod->name;
      one.container = container->name;
      if (container->cpu_request_millis) one.request = *container->cpu_request_millis / 1000.0;
    }
    out.emplace(to_u64(leaf.cgroup.id), std::move(one));
  }
  return out;
}

std::string CgroupNames::find(const std::string& parent, CgroupId id) {
  if (const auto known = paths_.find(to_u64(id)); known != paths_.end()) return known->second;
  if (paths_.size() > kMostPaths) paths_.clear();
  std::string found;
  for (auto& child : tree_.children({{}, parent})) {
    if (child.id == id) found = child.path;
    paths_.insert_or_assign(to_u64(child.id), std::move(child.path));
  }
  return found;
}

std::string CgroupNames::path(const TreeView& view, const std::vector<std::size_t>& parents, std::size_t i) {
  std::vector<std::size_t> way;
  for (auto at = i; at != TreeView::kNone; at = parents[at]) way.push_back(at);
  const std::lock_guard lock(mutex_);
  std::string path = "/";
  for (auto at = way.rbegin(); at != way.rend() && !path.empty(); ++at) path = find(path, view.records[*at].id);
  return path;
}

}  // namespace mus
