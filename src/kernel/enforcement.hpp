// SPDX-License-Identifier: Apache-2.0
// Can our scheduler go by cpu.weight, cpu.max and cpu.idle on this kernel? It reads what they say in the kernel's
// struct task_group, where the settings of a kernel that is built without one of them are missing.
#pragma once

#include <string>
#include <vector>

#include "mus/result.hpp"
#include "mus/scheduler.hpp"

namespace mus {

/// What the kernel's types say of its group scheduling.
struct GroupScheduling {
  bool shares = false;         ///< task_group.shares: cpu.weight
  bool idle = false;           ///< task_group.idle: cpu.idle
  bool bandwidth = false;      ///< task_group.cfs_bandwidth with a quota: cpu.max
  bool ext_bandwidth = false;  ///< sched_ext has a cpu.max of its own (6.17), whether or not the one above is there
};

/// Pure: one entry each for cpu.weight, cpu.max and cpu.idle.
[[nodiscard]] std::vector<Enforcement> judge(const GroupScheduling& kernel, const SchedulerOptions& options);

/// The same of the running kernel. Errc::unsupported where sched_ext or the type information is missing, so that our
/// scheduler cannot run at all.
[[nodiscard]] Result<std::vector<Enforcement>> check_enforcement(const SchedulerOptions& options,
                                                                 const std::string& sys_root = "/sys");

}  // namespace mus
