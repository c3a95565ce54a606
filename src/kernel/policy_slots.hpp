// SPDX-License-Identifier: Apache-2.0
// The daemon's mirror of the policy map: which cgroup has which policy and which statistics slot.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "mus/abi.h"
#include "mus/result.hpp"
#include "mus/scheduler.hpp"
#include "mus/types.hpp"

namespace mus {

/// Not thread-safe. Both schedulers keep one, so that they refuse the same things.
class PolicySlots {
 public:
  /// The entry to write for `id`: its present slot or the lowest free one. Errc::invalid_argument for a weight off
  /// the scale, Errc::capacity when every slot is taken. Changes nothing: call commit() once it is written.
  [[nodiscard]] Result<mus_policy> plan(CgroupId id, const Policy& policy) const;
  void commit(CgroupId id, const mus_policy& policy);
  void remove(CgroupId id);
  void clear();

  [[nodiscard]] bool contains(CgroupId id) const { return entries_.contains(id); }
  [[nodiscard]] const std::map<CgroupId, mus_policy>& entries() const { return entries_; }
  /// Heaviest weight, at least MUS_WEIGHT_ONE: the scale of the forward cap (bpf/policy.bpf.h).
  [[nodiscard]] std::uint32_t max_weight() const;
  [[nodiscard]] std::vector<std::pair<CgroupId, Policy>> policies() const;

 private:
  std::map<CgroupId, mus_policy> entries_;
  std::vector<bool> taken_ = std::vector<bool>(MUS_MAX_POLICIES);
};

/// Metric names of enum mus_counter, in its order.
const std::vector<const char*>& counter_names();

}  // namespace mus
