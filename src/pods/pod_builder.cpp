// SPDX-License-Identifier: Apache-2.0
#include "pods/pod_builder.hpp"

#include <algorithm>
#include <utility>

#include "pods/names.hpp"
#include "pods/quantity.hpp"

namespace mus {

Container* PodBuilder::entry_for(Container::Kind kind, const std::string& name, std::string& error) {
  if (!valid_label_name(name)) {
    error = "a container without a valid name";
    return nullptr;
  }
  // Names are unique over all kinds of one pod (core/validation: ValidatePodSpec).
  const auto found = std::find_if(pod.containers.begin(), pod.containers.end(),
                                  [&](const Container& container) { return container.name == name; });
  if (found != pod.containers.end()) return &*found;
  if (pod.containers.size() >= limits_.containers) {
    error = "more than " + std::to_string(limits_.containers) + " containers in one pod";
    return nullptr;
  }
  pod.containers.push_back({name, {}, kind, false});
  return &pod.containers.back();
}

std::string PodBuilder::add_spec(Container::Kind kind, const ContainerEntry& entry, std::string& note) {
  std::string error;
  auto* container = entry_for(kind, entry.name, error);
  if (container == nullptr) return error;
  container->kind = kind == Container::Kind::init && entry.restart_policy == "Always" ? Container::Kind::sidecar : kind;
  if (!entry.cpu_request.empty()) {
    container->cpu_request_millis = cpu_millis_of(entry.cpu_request);
    if (!container->cpu_request_millis) note = "container " + entry.name + " requests CPUs in words that are none";
  }
  return error;
}

std::string PodBuilder::add_status(Container::Kind kind, const ContainerEntry& entry, std::string& note) {
  std::string error;
  auto* container = entry_for(kind, entry.name, error);
  if (container == nullptr) return error;
  container->running = entry.running;
  if (!entry.container_id.empty()) {
    if (auto id = container_id_of(entry.container_id)) {
      container->id = std::move(*id);
    } else {
      note = "container " + entry.name + " has an id that is not <runtime>://<hex>: it is treated as not created";
    }
  }
  return error;
}

std::string PodBuilder::add_label(const std::string& key, const std::string& value, std::string& note) {
  if (!valid_label(key, value)) {
    note = "a label with characters that Kubernetes does not allow was left out";
    return {};
  }
  if (pod.labels.size() >= limits_.labels) return "more than " + std::to_string(limits_.labels) + " labels on one pod";
  pod.labels.insert_or_assign(key, value);
  return {};
}

// Whoever may make pods writes these: they are bounded here, and judged where boosts are made of them.
bool PodBuilder::add_declared(std::string_view key, std::string_view value, std::string& note) {
  constexpr std::string_view prefix = "mus-scheduler.io/";
  constexpr std::size_t longest = 128;
  if (!key.starts_with(prefix)) return false;
  if (pod.declared.size() >= limits_.declared) {
    note = "a pod has more than " + std::to_string(limits_.declared) + " annotations of ours: some were left out";
    return true;
  }
  pod.declared.insert_or_assign(std::string(key.substr(prefix.size(), longest)), std::string(value.substr(0, longest)));
  return true;
}

Pod PodBuilder::finish(std::string& error) {
  if (!valid_subdomain(pod.name)) {
    error = "metadata.name is missing or not a valid name";
  } else if (!valid_label_name(pod.ns)) {
    error = "metadata.namespace is missing or not a valid name";
  } else if (!valid_uid(pod.uid)) {
    error = "metadata.uid is missing or not a valid uid";
  } else if (!pod.config_hash.empty() && !valid_uid(pod.config_hash)) {
    error = "annotation kubernetes.io/config.hash is not a valid uid";
  } else if (!pod.node.empty() && !valid_subdomain(pod.node)) {
    error = "spec.nodeName is not a valid name";
  }
  // Sources of static pods are "file" and "http" (pkg/kubelet/types/pod_update.go).
  pod.is_static = !config_source.empty() && config_source != "api";
  pod.terminating = !deletion_timestamp.empty();
  return std::exchange(pod, Pod{});
}

}  // namespace mus
