// SPDX-License-Identifier: Apache-2.0
// Events about the scheduler and the source of pods, from what the status says before and after.
#pragma once

#include <cstdint>
#include <string>

#include "mus/events.hpp"
#include "mus/service.hpp"

namespace mus {

/// For one thread. `events` must outlive it.
class StatusEvents {
 public:
  explicit StatusEvents(EventSink& events) : events_(events) {}

  /// Tells what has changed since the last one; before the first, nothing was attached.
  void observe(const StatusSnapshot& status);

 private:
  EventSink& events_;
  std::uint64_t attaches_ = 0;
  std::uint64_t ejections_ = 0;
  bool attached_ = false;
  bool source_failed_ = false;
};

}  // namespace mus
