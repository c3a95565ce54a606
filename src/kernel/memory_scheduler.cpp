// SPDX-License-Identifier: Apache-2.0
#include "kernel/memory_scheduler.hpp"

#include <utility>

#include "kernel/bpf_stats.hpp"

namespace mus {

Result<void> MemoryScheduler::attach() {
  if (attach_error_) return tl::unexpected(*attach_error_);
  table_.clear();
  ejection_.reset();
  attached_ = true;
  return {};
}

void MemoryScheduler::detach() {
  attached_ = false;
  table_.clear();
}

Result<void> MemoryScheduler::set_policy(CgroupId id, const Policy& policy) {
  if (!attached_) return fail(Errc::unavailable, "the scheduler is not attached");
  const bool last = fail_set_after_ == 1;
  if (fail_set_after_ != 0) --fail_set_after_;
  if (last) return fail(Errc::io, "set_policy failed, as the test asked");
  auto allowed = table_.check(id, policy);
  if (allowed) table_.set(id, policy);
  return allowed;
}

Result<void> MemoryScheduler::clear_policy(CgroupId id) {
  table_.remove(id);
  return {};
}

Result<SchedulerStats> MemoryScheduler::stats() {
  SchedulerStats stats;
  for (const char* name : counter_names()) stats.counters.emplace_back(name, 0);
  stats.limits = limits_;
  stats.policies = table_.size();
  return stats;
}

void MemoryScheduler::eject(ExitRecord record) {
  attached_ = false;
  ejection_ = std::move(record);
  table_.clear();
}

std::unique_ptr<Scheduler> make_memory_scheduler() {
  return std::make_unique<MemoryScheduler>();
}

}  // namespace mus
