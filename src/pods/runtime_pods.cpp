// SPDX-License-Identifier: Apache-2.0
#include "pods/runtime_pods.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

namespace mus {
namespace {

/// A pod that is growing.
struct FoundPod {
  struct Instance {
    Container container;
    std::tuple<bool, std::uint32_t, std::int64_t>
        rank;  ///< has a bundle, restarts, age: the largest is the present one
  };
  std::string ns, name;
  std::int64_t newest = 0;  ///< of its bundles
  std::map<std::string, Instance> containers;

  void add(const std::string& container, const std::string& id, bool bundle, std::uint32_t attempt,
           std::int64_t modified) {
    const std::tuple rank{bundle, attempt, modified};
    const auto [at, is_new] = containers.try_emplace(container);
    if (!is_new && rank <= at->second.rank) return;
    at->second = {{container, id, Container::Kind::regular, bundle}, rank};
  }
};

using FoundPods = std::map<std::string, FoundPod, std::less<>>;  // by uid

/// The pod of that uid, or null when the uid is already another one's.
FoundPod* pod_of(FoundPods& pods, const std::string& uid, const std::string& ns, const std::string& name) {
  const auto [at, is_new] = pods.try_emplace(uid);
  auto& pod = at->second;
  if (is_new) {
    pod.ns = ns;
    pod.name = name;
  }
  return pod.ns == ns && pod.name == name ? &pod : nullptr;
}

/// The kubelet makes a static pod's uid of its manifest: an FNV hash, 32 hexadecimal digits (pkg/kubelet/config).
/// Others are UUIDs, with dashes.
bool is_config_hash(std::string_view uid) {
  constexpr std::size_t digits = 32;
  return uid.size() == digits && uid.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// Names are unique among the pods that stay: of two of one name the older one is on its way out. CRI-O keeps a stopped
/// pod's bundle for about a minute.
void mark_replaced(std::vector<std::pair<Pod, std::int64_t>>& pods) {
  std::map<std::pair<std::string_view, std::string_view>, std::int64_t> newest;
  for (const auto& [pod, made] : pods) {
    auto& latest = newest[{pod.ns, pod.name}];
    latest = std::max(latest, made);
  }
  for (auto& [pod, made] : pods) pod.terminating = made < newest[{pod.ns, pod.name}];
}

}  // namespace

PodList pods_from(const RuntimeFiles& files, const std::string& node) {
  PodList list;
  list.no_labels = "container runtimes keep none";
  list.incomplete = files.missing;
  FoundPods found;
  for (const auto& bundle : files.bundles) {
    const auto& identity = bundle.identity;
    auto* pod = pod_of(found, identity.uid, identity.ns, identity.pod);
    if (pod == nullptr) {
      list.incomplete = "the runtime has two names for the pod with uid " + identity.uid;
      continue;
    }
    pod->newest = std::max(pod->newest, bundle.modified_ns);
    if (!identity.sandbox) {
      pod->add(identity.container, identity.id, true, bundle.attempt, bundle.modified_ns);
    }
  }
  // Where there are bundles, links add what has ended in pods that have not: a container that is between two starts.
  const bool links_only = files.runtimes.empty();
  for (const auto& link : files.links) {
    if (!links_only && !found.contains(link.uid)) continue;
    if (auto* pod = pod_of(found, link.uid, link.ns, link.pod)) {
      pod->add(link.container, link.id, false, link.restart, 0);
    }
  }
  if (links_only && !files.links.empty())
    list.incomplete = "only the kubelet's links to logs tell of containers here, and not of all";

  std::vector<std::pair<Pod, std::int64_t>> pods;
  for (auto& [uid, one] : found) {
    Pod pod;
    pod.ns = std::move(one.ns);
    pod.name = std::move(one.name);
    pod.uid = uid;
    pod.node = node;
    pod.is_static = is_config_hash(uid);
    if (pod.is_static) pod.config_hash = uid;
    for (auto& [name, instance] : one.containers) pod.containers.push_back(std::move(instance.container));
    pods.emplace_back(std::move(pod), one.newest);
  }
  mark_replaced(pods);
  for (auto& [pod, made] : pods) list.pods.push_back(std::move(pod));
  std::sort(list.pods.begin(), list.pods.end(),
            [](const Pod& a, const Pod& b) { return std::tie(a.ns, a.name, a.uid) < std::tie(b.ns, b.name, b.uid); });
  return list;
}

}  // namespace mus
