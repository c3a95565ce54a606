// SPDX-License-Identifier: Apache-2.0
// A scheduler that schedules nothing: the same contract, refusals and policy map as the real one, in memory.
// `run --dry-run` and the tests use it.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "kernel/policy_table.hpp"
#include "mus/scheduler.hpp"

namespace mus {

class MemoryScheduler final : public Scheduler {
 public:
  Result<void> attach() override;
  void detach() override;
  [[nodiscard]] bool attached() const override { return attached_; }
  [[nodiscard]] std::optional<ExitRecord> ejection() const override { return ejection_; }
  Result<void> set_policy(CgroupId id, const Policy& policy) override;
  Result<void> clear_policy(CgroupId id) override;
  [[nodiscard]] std::vector<std::pair<CgroupId, Policy>> policies() const override { return table_.policies(); }
  Result<SchedulerStats> stats() override;
  /// Nothing runs, so there is nothing to divide.
  [[nodiscard]] std::shared_ptr<CgroupShares> shares() const override { return nullptr; }

  // What the kernel would do; for tests.
  void eject(ExitRecord record);
  void set_limits(std::vector<LimitStats> limits) { limits_ = std::move(limits); }
  void fail_attach(std::optional<Error> error) { attach_error_ = std::move(error); }
  /// The n-th set_policy from now fails (1 = the next); 0: none.
  void fail_set_policy_after(unsigned n) { fail_set_after_ = n; }

 private:
  PolicyTable table_;
  std::vector<LimitStats> limits_;
  bool attached_ = false;
  std::optional<ExitRecord> ejection_;
  std::optional<Error> attach_error_;
  unsigned fail_set_after_ = 0;
};

std::unique_ptr<Scheduler> make_memory_scheduler();

}  // namespace mus
