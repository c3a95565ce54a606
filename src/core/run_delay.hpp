// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mus/cgroup_stats.hpp"

namespace mus {

/// The length below which `part` (0..1) of the waits are, as if those of a bucket were spread evenly over it: off by
/// less than a factor of two. Of the last bucket, which has no bound, its lower one. 0 where nobody waited.
[[nodiscard]] double wait_quantile_us(const WaitCounts& waits, double part);

/// How many of them were longer, by the same assumption.
[[nodiscard]] double waits_above(const WaitCounts& waits, double bound_us);

[[nodiscard]] RunDelay run_delay(const WaitCounts& waits);

}  // namespace mus
