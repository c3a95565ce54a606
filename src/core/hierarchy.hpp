// SPDX-License-Identifier: Apache-2.0
// From what the scheduler sees of the cgroup tree to what each cgroup competes with. Pure: time is an argument, the
// only state is how many threads each cgroup had runnable of late.
#pragma once

#include <chrono>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "core/guard.hpp"
#include "mus/scheduler.hpp"

namespace mus {

class Hierarchy {
 public:
  explicit Hierarchy(const GuardOptions& options = {}) : options_(options) {}

  /// `elapsed`: since the last call; any, at the first. `services`: cgroups that have a floor, with all below them.
  [[nodiscard]] ShareUpdate update(const std::vector<CgroupRecord>& cgroups, unsigned cpus,
                                   std::chrono::nanoseconds elapsed, const std::vector<CgroupId>& services = {});

  /// As of the last update, parallel to its cgroups: runnable threads on average, and what they weigh together.
  [[nodiscard]] const std::vector<double>& threads() const { return threads_; }
  [[nodiscard]] const std::vector<double>& loads() const { return loads_; }

 private:
  /// Threads come and go many times between two looks; what counts is how many there are on average.
  struct Average {
    double threads = 0;
    double load = 0;
    std::uint64_t seen = 0;
    /// Averaged over the time in which there is one: what it weighs must not depend on how often it sleeps.
    [[nodiscard]] double load_when_runnable() const;
  };
  const Average& average(const CgroupRecord& cgroup, double fresh);

  const GuardOptions options_;
  std::unordered_map<std::uint64_t, Average> averages_;
  std::uint64_t round_ = 0;
  std::vector<double> threads_;
  std::vector<double> loads_;
};

}  // namespace mus
