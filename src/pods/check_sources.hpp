// SPDX-License-Identifier: Apache-2.0
// For `mus-scheduler check`: who tells of pods here, and what is missing. Never a failure: cgroups, units and processes
// can be boosted without.
#pragma once

#include <vector>

#include "mus/pod_source.hpp"
#include "mus/scheduler.hpp"

namespace mus {

/// What is known of the surroundings, for advice.
struct SourceHints {
  bool service_account = false;  ///< a token is mounted where Kubernetes mounts a pod's
  bool node_ip = false;          ///< --node-ip is given
};

/// Asks each of them.
[[nodiscard]] std::vector<CheckItem> check_sources(const std::vector<PodSource*>& sources, SourceHints hints);

}  // namespace mus
