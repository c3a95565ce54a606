// SPDX-License-Identifier: Apache-2.0
// What the scheduler's map holds or should hold, as plain values.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mus/scheduler.hpp"
#include "mus/types.hpp"

namespace mus {

/// Policies by cgroup.
using Policies = std::map<CgroupId, Policy>;

using PathWeights = std::map<std::string, std::uint32_t, std::less<>>;

/// Weight of the nearest directory in `weights` at or above `path`; 1024 without one.
[[nodiscard]] std::uint32_t weight_of(const PathWeights& weights, std::string_view path);

/// One change of the scheduler's map; no policy: remove the entry.
struct PolicyChange {
  CgroupId id{};
  std::optional<Policy> policy;

  bool operator==(const PolicyChange&) const = default;
};

/// The changes that turn `from` into `to`: removals first, so that a full map has room for what follows.
[[nodiscard]] std::vector<PolicyChange> changes(const Policies& from, const Policies& to);

}  // namespace mus
