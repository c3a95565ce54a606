// SPDX-License-Identifier: Apache-2.0
// What the API tells of cpu.max, and of which settings of cgroups are enforced.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "mus/service.hpp"

namespace mus {

/// The directory from which down a cgroup's tasks ignore cpu.max; empty: limits hold.
[[nodiscard]] std::string lifted_path(const AppliedCgroup& applied);

/// null without a limit.
[[nodiscard]] nlohmann::ordered_json limit_json(const std::optional<LimitStats>& limit);
[[nodiscard]] nlohmann::ordered_json limits_json(const LimitTotals& totals);
/// For each setting true, or the reason why not.
[[nodiscard]] nlohmann::ordered_json enforced_json(const std::vector<Enforcement>& settings);

}  // namespace mus
