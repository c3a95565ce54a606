// SPDX-License-Identifier: Apache-2.0
// What happened to boosts and to the scheduler, for those who follow along: GET /events. The last ones are kept in
// memory; whoever was away for longer is told that something is missing.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mus/types.hpp"

namespace mus {

/// Their words are in src/api/event_json.cpp, their meaning for readers in docs/api.md.
enum class EventKind : std::uint8_t {
  // Of a boost.
  set,       ///< asked for, or replaced
  applied,   ///< stands in the scheduler for a cgroup
  pending,   ///< stands nowhere, for the reason in the message
  lost,      ///< a cgroup that it stood for has gone
  restored,  ///< stands for the successor of a lost one, or again after a time without scheduler or daemon
  expired,   ///< its time was up
  removed,   ///< taken back
  refused,   ///< what somebody declared was not accepted
  // Of a rule and one that it is about.
  rule_fired,     ///< its boost begins; in a dry run, it would
  rule_released,  ///< and has ended
  rule_held,      ///< it would begin, but somebody or something is before it
  target_weight,  ///< a target's weight has moved
  target_unmet,   ///< a target's bound is broken, or cannot be met
  target_met,     ///< and holds again
  rules_changed,  ///< other rules are in force, or were refused; paused, resumed
  // Of the scheduler.
  attached,
  detached,  ///< by request or at the end
  ejected,   ///< by the kernel
  // Of what the daemon depends on.
  degraded,   ///< a source, a watch or a file has failed
  recovered,  ///< and works again
};

/// Whom an event is about; what does not apply is empty.
struct EventSubject {
  std::string boost;  ///< its id: "b1"
  std::string ns, pod, uid, container;
  std::optional<Cgroup> cgroup;

  bool operator==(const EventSubject&) const = default;
};

struct Event {
  std::uint64_t id = 0;
  std::chrono::system_clock::time_point at;
  EventKind kind = EventKind::set;
  EventSubject subject;
  std::string message;  ///< a sentence
};

/// Where events are reported. Thread-safe; never waits for a reader; cheap when there is none.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void add(EventKind kind, EventSubject subject, std::string message) = 0;
};

struct EventBatch {
  std::vector<Event> events;  ///< oldest first, ids without a hole
  bool lost = false;          ///< between the id asked about and the first of these some are kept no more
  std::uint64_t last = 0;     ///< id of the last event in `events`; without any, of the latest there is
};

/// The last events. Ids grow by one each, also from one run of the daemon to the next, where they leap. Thread-safe.
class EventLog : public EventSink {
 public:
  /// Those after `id`, at most `most`. An id that is not of this log counts as lost; 0 asks for all that are kept.
  [[nodiscard]] virtual EventBatch since(std::uint64_t id, std::size_t most) const = 0;

  /// Of the latest event; what a reader starts from who wants only what is new.
  [[nodiscard]] virtual std::uint64_t last() const = 0;

  /// Calls `wake` after each event, from the thread that added it, as long as the returned handle lives, which must not
  /// be longer than the log. `wake` must not wait, and must not call the log. Once the handle is gone, no call is under
  /// way any more.
  [[nodiscard]] virtual std::shared_ptr<void> listen(std::function<void()> wake) = 0;
};

}  // namespace mus
