// SPDX-License-Identifier: Apache-2.0
#include "kernel/memory_scheduler.hpp"

#include <utility>

namespace mus {

Result<void> MemoryScheduler::attach() {
  if (attach_error_) return tl::unexpected(*attach_error_);
  slots_.clear();
  ejection_.reset();
  attached_ = true;
  return {};
}

void MemoryScheduler::detach() {
  attached_ = false;
  slots_.clear();
}

Result<void> MemoryScheduler::set_policy(CgroupId id, const Policy& policy) {
  if (!attached_) return fail(Errc::unavailable, "the scheduler is not attached");
  const bool last = fail_set_after_ == 1;
  if (fail_set_after_ != 0) --fail_set_after_;
  if (last) return fail(Errc::io, "set_policy failed, as the test asked");
  auto entry = slots_.plan(id, policy);
  if (!entry) return tl::unexpected(entry.error());
  slots_.commit(id, *entry);
  return {};
}

Result<void> MemoryScheduler::clear_policy(CgroupId id) {
  slots_.remove(id);
  return {};
}

Result<SchedulerStats> MemoryScheduler::stats() {
  SchedulerStats stats;
  for (const char* name : counter_names()) stats.counters.emplace_back(name, 0);
  for (const auto& [id, policy] : slots_.entries()) stats.cgroups.emplace_back(id, CgroupStats{});
  stats.limits = limits_;
  return stats;
}

void MemoryScheduler::eject(ExitRecord record) {
  attached_ = false;
  ejection_ = std::move(record);
  slots_.clear();
}

std::unique_ptr<Scheduler> make_memory_scheduler() {
  return std::make_unique<MemoryScheduler>();
}

}  // namespace mus
