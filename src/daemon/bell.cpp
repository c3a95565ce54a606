// SPDX-License-Identifier: Apache-2.0
#include "daemon/bell.hpp"

#include <utility>

namespace mus {

void Bell::ring() {
  const std::lock_guard lock(mutex_);
  ringing_ = true;
  rung_.notify_all();
}

void Bell::wait(const std::stop_token& stop, std::optional<std::chrono::milliseconds> at_most) {
  std::unique_lock lock(mutex_);
  const auto rung = [this] { return ringing_; };
  if (at_most) {
    rung_.wait_for(lock, stop, *at_most, rung);
  } else {
    rung_.wait(lock, stop, rung);
  }
  ringing_ = false;
}

Chore::Chore(Bell& bell, std::function<std::optional<std::chrono::milliseconds>()> work)
    : thread_([&bell, work = std::move(work)](const std::stop_token& stop) {
        while (!stop.stop_requested()) bell.wait(stop, work());
      }) {}

}  // namespace mus
