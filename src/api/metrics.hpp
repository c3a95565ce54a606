// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "mus/service.hpp"

namespace mus {

/// Prometheus text, format 0.0.4. Every family is there from the start; those per cgroup have a series per boosted one.
[[nodiscard]] std::string metrics_text(const StatusSnapshot& status);
inline constexpr const char* kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace mus
