// SPDX-License-Identifier: Apache-2.0
#include "core/node_view.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace mus {
namespace {

bool has_container(const Pod& pod, std::string_view id) {
  return std::any_of(pod.containers.begin(), pod.containers.end(),
                     [&](const Container& container) { return container.id == id; });
}

}  // namespace

NodeIndex::NodeIndex(const NodeView& view) : view_(view), list_(view.list.get()) {
  directories_.reserve(view.directories.size());
  for (const auto& directory : view.directories) {
    directories_.emplace(directory.pod_uid, &directory);
    owners_.emplace(to_u64(directory.cgroup.id), &directory);
    for (const auto& leaf : directory.containers) {
      leaves_.emplace(leaf.container_id, Leaf{&directory, &leaf.cgroup});
      owners_.emplace(to_u64(leaf.cgroup.id), &directory);
    }
  }
  if (list_ != nullptr) {
    pods_.reserve(list_->pods.size() * 2);
    for (const auto& pod : list_->pods) {
      pods_.emplace(pod.uid, &pod);
      if (!pod.config_hash.empty()) pods_.emplace(pod.config_hash, &pod);
    }
  }
  add_identities();
}

// What a list does not have yet: containers that were started again, and pods that are new.
void NodeIndex::add_identities() {
  std::vector<std::pair<std::string_view, const ContainerIdentity*>> news;
  for (const auto& identity : view_.identities) {
    const std::string_view id{identity.id};
    if (identity.sandbox || !leaves_.contains(id)) continue;
    const auto known = pods_.find(identity.uid);
    if (known == pods_.end() || !has_container(*known->second, id)) news.emplace_back(id, &identity);
  }
  if (news.empty()) return;
  if (list_ != nullptr) {
    with_identities_ = *list_;
  } else {
    with_identities_.no_labels = "nobody has listed the pods yet";
  }
  auto& pods = with_identities_.pods;
  std::unordered_map<std::string, std::size_t> at;
  for (std::size_t i = 0; i < pods.size(); ++i) {
    at.emplace(pods[i].uid, i);
    if (!pods[i].config_hash.empty()) at.emplace(pods[i].config_hash, i);
  }
  for (const auto& [id, identity] : news) {
    const auto [place, is_new] = at.try_emplace(identity->uid, pods.size());
    if (is_new) {
      auto& pod = pods.emplace_back();
      pod.ns = identity->ns;
      pod.name = identity->pod;
      pod.uid = identity->uid;
    }
    // Beside the one of that name that the list has, whose directory may still be there.
    pods[place->second].containers.push_back({identity->container, std::string(id), Container::Kind::regular, true});
  }
  list_ = &with_identities_;
}

const PodCgroup* NodeIndex::directory(const Pod& pod) const {
  const auto rank = [&](const PodCgroup& place) {
    const auto known = std::count_if(place.containers.begin(), place.containers.end(),
                                     [&](const auto& leaf) { return has_container(pod, leaf.container_id); });
    return std::tuple{-known, place.containers.empty(), depth_of(place.cgroup.path),
                      std::string_view{place.cgroup.path}};
  };
  const PodCgroup* best = nullptr;
  for (const std::string_view uid : {std::string_view{pod.uid}, std::string_view{pod.config_hash}}) {
    if (uid.empty()) continue;
    const auto [begin, end] = directories_.equal_range(uid);
    for (auto place = begin; place != end; ++place) {
      if (best == nullptr || rank(*place->second) < rank(*best)) best = place->second;
    }
  }
  return best;
}

bool NodeIndex::in_use(std::string_view uid) const {
  const auto [begin, end] = directories_.equal_range(uid);
  return std::any_of(begin, end, [](const auto& place) { return !place.second->containers.empty(); });
}

std::optional<NodeIndex::Leaf> NodeIndex::leaf(const Pod& pod, const Container& container) const {
  const auto found = leaves_.find(container.id);
  if (container.id.empty() || found == leaves_.end()) return std::nullopt;
  const auto& uid = found->second.pod->pod_uid;
  if (uid.empty() || (uid != pod.uid && uid != pod.config_hash)) return std::nullopt;
  return found->second;
}

const PodCgroup* NodeIndex::owner(CgroupId id) const {
  const auto found = owners_.find(to_u64(id));
  return found == owners_.end() ? nullptr : found->second;
}

std::uint32_t depth_of(std::string_view path) {
  return static_cast<std::uint32_t>(std::count(path.begin(), path.end(), '/'));
}

}  // namespace mus
