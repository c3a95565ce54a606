// SPDX-License-Identifier: Apache-2.0
#include "pods/check_sources.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace mus {
namespace {

constexpr const char* kName = "pods";

std::string counted(const PodList& list) {
  std::size_t containers = 0;
  for (const auto& pod : list.pods) containers += pod.containers.size();
  return std::to_string(list.pods.size()) + " pod(s), " + std::to_string(containers) + " container(s)";
}

CheckItem check_source(PodSource& source) {
  const auto answer = source.list(PodSource::Freshness::fresh);
  if (!answer) return {kName, CheckItem::Level::warning, answer.error().message, answer.error().advice};
  const auto& list = **answer;
  const auto state = source.state();
  CheckItem item{kName, CheckItem::Level::ok, state.name + ": " + counted(list), {}};
  if (!list.no_labels.empty()) item.detail += ", without labels";
  if (!list.incomplete.empty()) {
    item.level = CheckItem::Level::warning;
    item.detail += "; some may be missing: " + list.incomplete;
  } else if (!state.note.empty()) {
    item.detail += "; " + state.note;
  }
  return item;
}

CheckItem without_kubelet(SourceHints hints) {
  const std::string role =
      R"({apiGroups: [""], resources: ["nodes/pods"], verbs: ["get"]} ("nodes/proxy" for kubelets before 1.33))";
  CheckItem item{kName,
                 CheckItem::Level::warning,
                 "no kubelet is asked: pods go by their full names, label= and names of applications do not work",
                 {}};
  if (hints.service_account) {
    item.advice =
        "pass --node-ip (MUS_NODE_IP, from status.hostIP): a service account is mounted; its ClusterRole needs " + role;
  } else if (hints.node_ip) {
    item.advice = "mount the service account's token (automountServiceAccountToken: true): --node-ip needs it";
  } else {
    item.advice = "pass --kubelet-url and a credential whose ClusterRole has " + role;
  }
  return item;
}

}  // namespace

std::vector<CheckItem> check_sources(const std::vector<PodSource*>& sources, SourceHints hints) {
  std::vector<CheckItem> items;
  bool answered = false;
  bool kubelet = false;
  for (auto* source : sources) {
    items.push_back(check_source(*source));
    answered = answered || source->state().last_success.has_value();
    kubelet = kubelet || source->state().labels;
  }
  // Where there is no sign of Kubernetes, one line says so.
  if (!kubelet && (answered || hints.service_account || hints.node_ip)) items.push_back(without_kubelet(hints));
  return items;
}

}  // namespace mus
