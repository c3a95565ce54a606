// SPDX-License-Identifier: Apache-2.0
#include "kernel/enforcement.hpp"

#include "kernel/btf.hpp"
#include "kernel/sysfs.hpp"

namespace mus {
namespace {

GroupScheduling read_group_scheduling(const KernelBtf& btf) {
  GroupScheduling kernel;
  kernel.shares = btf.has_member("task_group", "shares");
  kernel.idle = btf.has_member("task_group", "idle");
  // Without CONFIG_CFS_BANDWIDTH the member is there, and empty.
  kernel.bandwidth = btf.has_member("task_group", "cfs_bandwidth") && btf.has_member("cfs_bandwidth", "quota");
  kernel.ext_bandwidth = btf.has_member("scx_task_group", "bw_quota_us");
  return kernel;
}

}  // namespace

std::vector<Enforcement> judge(const GroupScheduling& kernel, const SchedulerOptions& options) {
  Enforcement weight{"cpu.weight"};
  if (!options.cpu_weight) {
    weight = {"cpu.weight", false, "turned off with --cpu-weight off", {}, true};
  } else if (!kernel.shares) {
    weight = {"cpu.weight", false, "this kernel's struct task_group has no shares",
              "boot a kernel that is built with CONFIG_FAIR_GROUP_SCHED=y"};
  }
  Enforcement max{"cpu.max"};
  if (!kernel.bandwidth && kernel.ext_bandwidth) {
    max = {"cpu.max", false, "this kernel's struct task_group has no cfs_bandwidth",
           "boot a kernel that is built with CONFIG_CFS_BANDWIDTH=y"};
  } else if (!kernel.bandwidth) {
    max.detail = "this kernel is built without limits, so that there are none to enforce";
  }
  Enforcement idle{"cpu.idle"};
  if (!kernel.idle) {
    idle = {"cpu.idle", false, "this kernel's struct task_group has no idle",
            "boot a kernel that is built with CONFIG_FAIR_GROUP_SCHED=y"};
  }
  return {weight, max, idle};
}

Result<std::vector<Enforcement>> check_enforcement(const SchedulerOptions& options, const std::string& sys_root) {
  if (!read_sched_ext_state(sys_root).present) return fail(Errc::unsupported, "this kernel has no sched_ext");
  const auto btf = KernelBtf::load();
  if (!btf) return tl::unexpected(btf.error());
  return judge(read_group_scheduling(*btf), options);
}

}  // namespace mus
