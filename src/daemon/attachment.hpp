// SPDX-License-Identifier: Apache-2.0
// Whether our scheduler runs, why not, and when it is tried again. Not thread-safe: the service's mutex covers it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "core/exit_policy.hpp"
#include "mus/scheduler.hpp"
#include "mus/service.hpp"

namespace mus {

class Attachment {
 public:
  /// With a `refusal` every attempt fails like that, as it would on a kernel that cannot.
  explicit Attachment(Scheduler& scheduler, ExitPolicyLimits limits = {}, std::optional<Error> refusal = {})
      : scheduler_(scheduler), policy_(limits), refusal_(std::move(refusal)) {}

  /// Attaches now and forgets what went wrong before; the error is the scheduler's own. The map is empty afterwards.
  Result<void> arm(TimePoint now);

  /// Notices an ejection and makes the attempts that are due. True when a new attach succeeded: the map is empty.
  bool poll(TimePoint now);

  /// Hands the node back; only arm() brings the scheduler back.
  void detach(const std::string& why);

  [[nodiscard]] bool attached() const { return mode_ == SchedulerMode::attached && scheduler_.attached(); }
  /// Why a boost cannot be applied now; empty when it can.
  [[nodiscard]] std::string obstacle() const;
  [[nodiscard]] SchedulerMode mode() const { return mode_; }
  [[nodiscard]] const std::string& reason() const { return reason_; }
  [[nodiscard]] std::optional<std::chrono::milliseconds> next_attempt_in(TimePoint now) const;

  /// Fills what concerns the scheduler.
  void describe(StatusSnapshot& status, TimePoint now) const;

 private:
  Result<void> try_attach(TimePoint now);
  void lost(const ExitRecord& record, TimePoint now);
  void follow(const Verdict& verdict, TimePoint now);

  Scheduler& scheduler_;
  ExitPolicy policy_;
  std::optional<Error> refusal_;
  SchedulerMode mode_ = SchedulerMode::fallback;
  std::string reason_ = "not attached yet";
  std::optional<TimePoint> next_attempt_;
  std::optional<ExitRecord> last_ejection_;
  TimePoint last_ejection_at_{};
  std::uint64_t attaches_ = 0;
  std::uint64_t ejections_ = 0;
};

}  // namespace mus
