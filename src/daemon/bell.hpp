// SPDX-License-Identifier: Apache-2.0
// Work that is done in a thread of its own when somebody rings, or when its time has come.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

namespace mus {

/// Thread-safe. Rings that nobody has answered count as one.
class Bell {
 public:
  void ring();
  /// Waits for a ring, at most that long where a time is given, and not once a stop is asked for.
  void wait(const std::stop_token& stop, std::optional<std::chrono::milliseconds> at_most);

 private:
  std::mutex mutex_;
  std::condition_variable_any rung_;
  bool ringing_ = false;
};

class Chore {
 public:
  /// `work` says when it wants to be done again; nothing: when the bell rings. It is done once at the start. `bell`
  /// outlives the chore, whose end waits for work under way.
  Chore(Bell& bell, std::function<std::optional<std::chrono::milliseconds>()> work);

 private:
  std::jthread thread_;
};

}  // namespace mus
