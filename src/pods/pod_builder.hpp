// SPDX-License-Identifier: Apache-2.0
// Puts one pod together from what the parser meets, in whatever order the fields come.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mus/types.hpp"
#include "pods/pod_list_parser.hpp"

namespace mus {

/// One entry of spec.*containers or status.*containerStatuses.
struct ContainerEntry {
  std::string name;
  std::string container_id;    ///< as sent
  std::string restart_policy;  ///< spec.initContainers: "Always" makes it a sidecar (KEP-753)
  std::string cpu_request;     ///< spec: resources.requests.cpu, as sent
  bool running = false;
};

class PodBuilder {
 public:
  explicit PodBuilder(const PodListLimits& limits) : limits_(limits) {}

  Pod pod;                         ///< metadata and spec.nodeName go in directly
  std::string config_source;       ///< annotation kubernetes.io/config.source
  std::string deletion_timestamp;  ///< any at all: the pod is terminating

  /// Each returns what is wrong, or nothing. A container is known from the spec before it has a status.
  [[nodiscard]] std::string add_spec(Container::Kind kind, const ContainerEntry& entry, std::string& note);
  [[nodiscard]] std::string add_status(Container::Kind kind, const ContainerEntry& entry, std::string& note);
  [[nodiscard]] std::string add_label(const std::string& key, const std::string& value, std::string& note);
  /// False: it is none of our annotations.
  [[nodiscard]] bool add_declared(std::string_view key, std::string_view value, std::string& note);

  /// Checks the whole and hands it over; `pod` is empty afterwards. What is wrong goes to `error`.
  [[nodiscard]] Pod finish(std::string& error);

 private:
  [[nodiscard]] Container* entry_for(Container::Kind kind, const std::string& name, std::string& error);

  PodListLimits limits_;
};

}  // namespace mus
