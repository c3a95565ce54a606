// SPDX-License-Identifier: Apache-2.0
// Sums over cgroups that come and go must not go back, or who watches them takes that for a restart.
#pragma once

#include <map>
#include <vector>

#include "mus/scheduler.hpp"
#include "mus/service.hpp"

namespace mus {

class LimitCounter {
 public:
  /// What the scheduler says now. A cgroup whose counts are smaller than before has begun anew.
  void update(const std::vector<LimitStats>& now);
  [[nodiscard]] const LimitTotals& totals() const { return totals_; }

 private:
  std::map<CgroupId, LimitStats> last_;
  LimitTotals totals_;
};

}  // namespace mus
