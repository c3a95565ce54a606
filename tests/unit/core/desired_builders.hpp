// SPDX-License-Identifier: Apache-2.0
// Boosts, pods and directories in few words.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/desired.hpp"
#include "core/node_view.hpp"
#include "core/reconcile.hpp"

namespace mus::test {

inline const TimePoint kStart{std::chrono::hours{1000}};

inline Target pod_target(std::string name, std::string ns = {}, std::string container = {}) {
  Target target;
  target.pod = std::move(name);
  target.ns = std::move(ns);
  target.container = std::move(container);
  return target;
}

inline Target cgroup_target(std::string path) {
  Target target;
  target.kind = Target::Kind::cgroup;
  target.cgroup = std::move(path);
  return target;
}

inline DesiredBoost wish(Target target, std::uint32_t weight = 4096) {
  DesiredBoost boost;
  boost.target = std::move(target);
  boost.weight = weight;
  boost.since = kStart;
  return boost;
}

inline AppliedCgroup at(std::uint64_t id, std::string path = {}) {
  AppliedCgroup applied;
  applied.cgroup = {CgroupId{id}, path.empty() ? "/c" + std::to_string(id) : std::move(path)};
  return applied;
}

inline Reach reach_at(std::vector<AppliedCgroup> cgroups, std::uint64_t look = 0) {
  Reach reach;
  reach.cgroups = std::move(cgroups);
  reach.look = look;
  reach.ever = true;
  return reach;
}

/// Containers as {name, id}; an empty id: starting.
inline Pod listed_pod(const std::string& ns, const std::string& name, const std::string& uid,
                      const std::vector<std::pair<std::string, std::string>>& containers = {}) {
  Pod pod;
  pod.ns = ns;
  pod.name = name;
  pod.uid = uid;
  for (const auto& [container, id] : containers) {
    pod.containers.push_back({container, id, Container::Kind::regular, !id.empty()});
  }
  return pod;
}

/// A node whose directories are numbered from 100 on.
struct SmallNode {
  NodeView view;
  PodList list;
  std::uint64_t next = 100;

  SmallNode() {
    view.look = 1;
    view.pods = true;
    list.fetched_at = kStart + std::chrono::seconds{1};
  }
  CgroupId directory(const std::string& uid, const std::vector<std::string>& containers = {},
                     const std::string& above = "/kubepods") {
    PodCgroup made;
    made.pod_uid = uid;
    made.cgroup = {CgroupId{next++}, above + "/pod" + uid};
    for (const auto& id : containers) {
      made.containers.push_back({id, {CgroupId{next++}, made.cgroup.path + "/" + id}});
    }
    view.directories.push_back(std::move(made));
    return view.directories.back().cgroup.id;
  }
  /// The list is known, as it is now.
  NodeView& told() {
    view.list = std::make_shared<const PodList>(list);
    return view;
  }
};

inline std::vector<std::uint64_t> ids_of(const Reach& reach) {
  std::vector<std::uint64_t> ids;
  for (const auto& applied : reach.cgroups) ids.push_back(to_u64(applied.cgroup.id));
  return ids;
}

}  // namespace mus::test
