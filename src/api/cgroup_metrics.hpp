// SPDX-License-Identifier: Apache-2.0
// The families with a series per cgroup. How many series there are is bounded: see MetricsOptions.
#pragma once

#include <vector>

#include "api/metric_text.hpp"
#include "api/metrics.hpp"

namespace mus {

void add_cgroup_metrics(MetricText& text, const StatusSnapshot& status, const CgroupFigures& figures,
                        const std::vector<PodRow>& pods, const MetricsOptions& options);

}  // namespace mus
