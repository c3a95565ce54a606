// SPDX-License-Identifier: Apache-2.0
// CgroupFs: the directories of pods and containers.
#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <tuple>
#include <utility>

#include "cgroup/cgroup_fs.hpp"
#include "cgroup/kube_layout.hpp"
#include "cgroup/process_check.hpp"

namespace mus {
namespace {

using kube::Place;

// kind puts four levels before its kubepods root; an agent in a VM in a unit some more.
constexpr int max_depth = 16;
constexpr std::size_t max_directories = 65536;

void add_leaves(const Tree& tree, PodCgroup& pod) {
  for (const auto& name : tree.children(pod.cgroup.path)) {
    auto step = kube::step(Place::pod, name);
    if (step.place != Place::container) continue;
    if (auto leaf = tree.look(join(pod.cgroup.path, name))) {
      pod.containers.push_back({std::move(step.identity), std::move(*leaf)});
    }
  }
}

/// Breadth first, so that what lies near the root is found before the limit, however much is piled up further down.
std::vector<PodCgroup> walk(const Tree& tree) {
  struct Todo {
    std::string path;
    Place place;
    int depth;
  };
  std::vector<PodCgroup> pods;
  std::deque<Todo> queue{{"/", Place::outside, 0}};
  std::size_t seen = 0;
  while (!queue.empty()) {
    const Todo at = std::move(queue.front());
    queue.pop_front();
    for (const auto& name : tree.children(at.path)) {
      if (++seen > max_directories) return pods;
      // Users make what directories they like below user.slice (systemd delegates it): no place to look for pods.
      if (at.depth == 0 && name == "user.slice") continue;
      auto step = kube::step(at.place, name);
      auto path = join(at.path, name);
      if (step.place == Place::pod) {
        if (auto cgroup = tree.look(path)) {
          pods.push_back({std::move(step.identity), std::move(*cgroup), {}});
          add_leaves(tree, pods.back());
          seen += pods.back().containers.size();
        }
      } else if (step.place != Place::beyond && at.depth < max_depth) {
        queue.push_back({std::move(path), step.place, at.depth + 1});
      }
    }
  }
  return pods;
}

bool has_uid(const Pod& pod, const std::string& uid) {
  return !uid.empty() && (uid == pod.uid || uid == pod.config_hash);
}

/// The places where this pod should be, best first. There can be several: kubelet 1.20 with the systemd driver leaves
/// an empty tree "/kubepods" beside kubepods.slice, and a removed pod's empty directory stays for minutes.
std::vector<PodCgroup> best_first(std::vector<PodCgroup> places, const Pod& pod) {
  const auto rank = [&](const PodCgroup& place) {
    const auto known = std::count_if(place.containers.begin(), place.containers.end(), [&](const auto& leaf) {
      return std::any_of(pod.containers.begin(), pod.containers.end(),
                         [&](const Container& container) { return container.id == leaf.container_id; });
    });
    const auto depth = std::count(place.cgroup.path.begin(), place.cgroup.path.end(), '/');
    return std::tuple{-known, place.containers.empty(), depth, std::string_view{place.cgroup.path}};
  };
  std::sort(places.begin(), places.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  return places;
}

std::vector<PodCgroup> usual_places(const Tree& tree, const Pod& pod) {
  std::vector<PodCgroup> places;
  std::vector<std::string> uids{pod.uid};
  if (!pod.config_hash.empty() && pod.config_hash != pod.uid) uids.push_back(pod.config_hash);
  for (const auto& uid : uids) {
    for (const auto& path : kube::usual_pod_paths(uid)) {
      if (auto cgroup = tree.look(path)) {
        places.push_back({uid, std::move(*cgroup), {}});
        add_leaves(tree, places.back());
      }
    }
  }
  return best_first(std::move(places), pod);
}

std::vector<PodCgroup> all_places(const Tree& tree, const Pod& pod) {
  auto places = walk(tree);
  std::erase_if(places, [&](const PodCgroup& place) { return !has_uid(pod, place.pod_uid); });
  return best_first(std::move(places), pod);
}

std::optional<Cgroup> leaf_of(const std::vector<PodCgroup>& places, const std::string& id) {
  for (const auto& place : places) {
    for (const auto& leaf : place.containers) {
      if (leaf.container_id == id) return leaf.cgroup;
    }
  }
  return std::nullopt;
}

std::string name_of(const Pod& pod) {
  return pod.ns + "/" + pod.name;
}

}  // namespace

Result<std::vector<PodCgroup>> CgroupFs::pods() const {
  const auto tree = Tree::open(cgroup_root_);
  if (!tree) return tl::unexpected(tree.error());
  return walk(*tree);
}

Result<Cgroup> CgroupFs::pod(const Pod& pod) const {
  const auto tree = Tree::open(cgroup_root_);
  if (!tree) return tl::unexpected(tree.error());
  auto places = usual_places(*tree, pod);
  if (places.empty() || places.front().containers.empty()) {
    if (auto more = all_places(*tree, pod); !more.empty()) places = std::move(more);
  }
  if (!places.empty()) return places.front().cgroup;
  return fail(Errc::not_found, "pod " + name_of(pod) + " has no cgroup (yet, or any more)",
              "try again when it is running; if it is, check that --cgroup-root is the host's cgroup2 tree");
}

Result<Cgroup> CgroupFs::find_container(const Tree& tree, const Pod& pod, const Container& container) const {
  if (auto leaf = leaf_of(usual_places(tree, pod), container.id)) return *leaf;
  const auto places = all_places(tree, pod);
  if (auto leaf = leaf_of(places, container.id)) return *leaf;
  const auto name = name_of(pod) + "/" + container.name;
  if (!places.empty() && container.running && places.front().containers.empty()) {
    return fail(Errc::not_found, "the runtime made no cgroup for container " + name + ", only one for its pod",
                "boost the pod instead: leave out container=");
  }
  return fail(Errc::not_found, "container " + name + " has no cgroup: it has ended, or the pod list is a moment behind",
              "try again when it is running");
}

Result<Cgroup> CgroupFs::container(const Pod& pod, const Container& container) const {
  if (container.id.empty()) {
    return fail(Errc::unavailable, "container " + name_of(pod) + "/" + container.name + " is starting",
                "try again in a second");
  }
  const auto tree = Tree::open(cgroup_root_);
  if (!tree) return tl::unexpected(tree.error());
  for (int attempt = 0; attempt < 2; ++attempt) {
    auto found = find_container(*tree, pod, container);
    if (!found) return found;
    if (check_processes(*tree, found->path, proc_root_) != ProcessCheck::disagrees) return found;
  }
  return fail(Errc::unavailable,
              "/proc names another cgroup for the processes of container " + name_of(pod) + "/" + container.name,
              "try again; if it stays, check that --cgroup-root and --proc-root are the same host's");
}

}  // namespace mus
