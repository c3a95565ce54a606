// SPDX-License-Identifier: Apache-2.0
// Remembers what was reported. For one thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "mus/events.hpp"

namespace mus::test {

class EventCollector final : public EventSink {
 public:
  void add(EventKind kind, EventSubject subject, std::string message) override {
    events_.push_back({events_.size() + 1, {}, kind, std::move(subject), std::move(message)});
  }
  /// What came since the last call.
  std::vector<Event> take() { return std::exchange(events_, {}); }

 private:
  std::vector<Event> events_;
};

}  // namespace mus::test
