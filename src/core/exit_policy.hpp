// SPDX-License-Identifier: Apache-2.0
// What to do when the kernel has let our scheduler go, or would not take it. Pure: time is an argument, the only state
// is the history of what happened before.
#pragma once

#include <chrono>
#include <deque>
#include <string>

#include "mus/result.hpp"
#include "mus/scheduler.hpp"
#include "mus/types.hpp"

namespace mus {

struct ExitPolicyLimits {
  std::chrono::milliseconds first_delay{1000};
  std::chrono::milliseconds longest_delay{60'000};
  unsigned give_up_after = 5;  ///< ejections for an error, within `window`
  std::chrono::milliseconds window{600'000};
  unsigned restarts_at_once = 10;  ///< hotplug restarts within `restart_window` before they are slowed down
  std::chrono::milliseconds restart_window{10'000};
};

struct Verdict {
  enum class Action {
    attach_now,   ///< the kernel asked for a restart (CPU hotplug)
    retry_later,  ///< after `delay`
    stay_off,     ///< somebody wants it off: only an explicit attach brings it back
    give_up,      ///< it keeps failing: only an explicit attach brings it back
    unsupported,  ///< this kernel cannot; trying again is of no use
  };
  Action action = Action::retry_later;
  std::chrono::milliseconds delay{0};
  std::string why;  ///< one clause for /status and the log

  bool operator==(const Verdict&) const = default;
};

/// What an exit record means, without history.
enum class ExitClass {
  restart,        ///< the kernel unregistered us and a new attach is what it wants
  administrator,  ///< SysRq-S, or somebody unregistered the scheduler
  error,          ///< our scheduler did something that the kernel does not accept
};
[[nodiscard]] ExitClass classify(const ExitRecord& record);

/// "SysRq-S", "runnable task stall", ...: the record in one clause.
[[nodiscard]] std::string describe(const ExitRecord& record);

class ExitPolicy {
 public:
  explicit ExitPolicy(ExitPolicyLimits limits = {}) : limits_(limits) {}

  /// The kernel ejected us.
  [[nodiscard]] Verdict ejected(const ExitRecord& record, TimePoint now);
  /// attach() failed.
  [[nodiscard]] Verdict attach_failed(const Error& error);
  /// attach() succeeded. Ejections stay remembered: a scheduler that attaches and dies each time must be given up.
  void attached() { failures_ = 0; }
  /// Somebody asked for a new attach: forget what was.
  void rearm();

 private:
  [[nodiscard]] std::chrono::milliseconds back_off(unsigned nth) const;

  ExitPolicyLimits limits_;
  std::deque<TimePoint> errors_;    // ejections for an error, oldest first, within the window
  std::deque<TimePoint> restarts_;  // restarts asked for by the kernel, within the restart window
  unsigned failures_ = 0;           // failed attaches in a row
};

}  // namespace mus
