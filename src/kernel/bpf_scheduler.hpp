// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "mus/scheduler.hpp"

namespace mus {

/// The real scheduler: the embedded BPF program in the kernel's sched_ext slot. The link is never pinned, so that the
/// end of this process, however it comes, gives the node back to the kernel's own scheduler.
/// Cgroup ids and weights are those of the tree at `cgroup_root`.
std::unique_ptr<Scheduler> make_bpf_scheduler(const SchedulerOptions& options,
                                              const std::string& cgroup_root = "/sys/fs/cgroup",
                                              const std::string& sys_root = "/sys");

}  // namespace mus
