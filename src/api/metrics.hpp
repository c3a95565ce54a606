// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "api/health.hpp"
#include "mus/service.hpp"

namespace mus {

struct MetricsOptions {
  std::size_t busiest = 10;  ///< containers that have series besides the boosted cgroups: those that use most CPU time
  bool pod_labels = false;   ///< these series name namespace, pod and container
  const ApiHealth* api = nullptr;  ///< what is told of the API itself; none: nothing has been asked
};

/// Prometheus text, format 0.0.4. Every family is there from the start; those per cgroup have a series for each boosted
/// one, and for the busiest containers of `pods`.
[[nodiscard]] std::string metrics_text(const StatusSnapshot& status, const CgroupFigures& figures,
                                       const std::vector<PodRow>& pods, const MetricsOptions& options);
inline constexpr const char* kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace mus
