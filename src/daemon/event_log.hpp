// SPDX-License-Identifier: Apache-2.0
// The last events in memory.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "mus/events.hpp"

namespace mus {

class EventRing final : public EventLog {
 public:
  using WallClock = std::function<std::chrono::system_clock::time_point()>;

  static constexpr std::size_t kKept = 1024;
  static constexpr std::size_t kMessage = 1024;  ///< bytes; more is cut off

  explicit EventRing(std::size_t kept = kKept, WallClock now = std::chrono::system_clock::now);
  ~EventRing() override;
  EventRing(const EventRing&) = delete;
  EventRing& operator=(const EventRing&) = delete;

  void add(EventKind kind, EventSubject subject, std::string message) override;
  [[nodiscard]] EventBatch since(std::uint64_t id, std::size_t most) const override;
  [[nodiscard]] std::uint64_t last() const override;
  [[nodiscard]] std::shared_ptr<void> listen(std::function<void()> wake) override;

 private:
  class Listeners;

  const std::size_t kept_;
  const WallClock now_;
  mutable std::mutex mutex_;
  const std::uint64_t begin_;  ///< id of the first event of this run
  std::uint64_t next_;
  std::deque<Event> events_;
  std::shared_ptr<Listeners> listeners_;
};

}  // namespace mus
