// SPDX-License-Identifier: Apache-2.0
// The daemon's mirror of the policy map.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "mus/result.hpp"
#include "mus/scheduler.hpp"
#include "mus/types.hpp"

namespace mus {

/// Not thread-safe. Both schedulers keep one, so that they refuse the same things.
class PolicyTable {
 public:
  /// May it be set? Errc::invalid_argument for a weight off the scale, Errc::capacity when there is no room for
  /// another.
  [[nodiscard]] Result<void> check(CgroupId id, const Policy& policy) const;
  void set(CgroupId id, const Policy& policy) { entries_[id] = policy; }
  void remove(CgroupId id) { entries_.erase(id); }
  void clear() { entries_.clear(); }

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] bool contains(CgroupId id) const { return entries_.contains(id); }
  /// Heaviest weight, at least MUS_WEIGHT_ONE: the scale of the forward cap (bpf/policy.bpf.h).
  [[nodiscard]] std::uint32_t max_weight() const;
  [[nodiscard]] std::vector<std::pair<CgroupId, Policy>> policies() const { return {entries_.begin(), entries_.end()}; }

 private:
  std::map<CgroupId, Policy> entries_;
};

}  // namespace mus
