// SPDX-License-Identifier: Apache-2.0
#include "daemon/event_log.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace mus {
namespace {

// What Kubernetes and the kernel allow is shorter.
constexpr std::size_t kName = 256;
constexpr std::size_t kPath = 4096;

/// Milliseconds times a thousand: no run of the daemon adds so many events that the next would begin below its last,
/// and as a number it is exact in every JSON reader (less than 2^53).
std::uint64_t first_id(std::chrono::system_clock::time_point now) {
  const auto since_1970 = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  return static_cast<std::uint64_t>(std::max<std::int64_t>(since_1970, 0)) * 1000 + 1;
}

/// Not in the middle of a character.
void cut(std::string& text, std::size_t most) {
  if (text.size() <= most) return;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0U) == 0x80U) --most;
  text.resize(most);
}

}  // namespace

/// Apart from the log and its lock, so that a listener may come and go while events are read.
class EventRing::Listeners {
 public:
  std::uint64_t add(std::function<void()> wake) {
    const std::lock_guard lock(mutex_);
    all_.emplace(++last_, std::move(wake));
    return last_;
  }
  void remove(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    all_.erase(number);
  }
  void wake() {
    const std::lock_guard lock(mutex_);
    for (const auto& [number, wake] : all_) wake();
  }

 private:
  std::mutex mutex_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, std::function<void()>> all_;
};

EventRing::EventRing(std::size_t kept, WallClock now)
    : kept_(std::max<std::size_t>(kept, 1)),
      now_(std::move(now)),
      begin_(first_id(now_())),
      next_(begin_),
      listeners_(std::make_shared<Listeners>()) {}

EventRing::~EventRing() = default;

void EventRing::add(EventKind kind, EventSubject subject, std::string message) {
  cut(message, kMessage);
  for (auto* name : {&subject.boost, &subject.ns, &subject.pod, &subject.uid, &subject.container}) cut(*name, kName);
  if (subject.cgroup) cut(subject.cgroup->path, kPath);
  {
    const std::lock_guard lock(mutex_);
    events_.push_back({next_++, now_(), kind, std::move(subject), std::move(message)});
    if (events_.size() > kept_) events_.pop_front();
  }
  listeners_->wake();
}

EventBatch EventRing::since(std::uint64_t id, std::size_t most) const {
  EventBatch batch;
  const std::lock_guard lock(mutex_);
  const auto first = events_.empty() ? next_ : events_.front().id;
  const auto last = next_ - 1;
  auto from = id + 1;
  if (id == 0) {
    batch.lost = first != begin_;
    from = first;
  } else if (id > last || id + 1 < first) {
    batch.lost = true;
    from = first;
  }
  for (auto at = from; at <= last && batch.events.size() < most; ++at) batch.events.push_back(events_[at - first]);
  batch.last = batch.events.empty() ? last : batch.events.back().id;
  return batch;
}

std::uint64_t EventRing::last() const {
  const std::lock_guard lock(mutex_);
  return next_ - 1;
}

std::shared_ptr<void> EventRing::listen(std::function<void()> wake) {
  // Whoever lets go after the log is gone finds its listeners still there.
  const auto number = listeners_->add(std::move(wake));
  return {nullptr, [listeners = listeners_, number](void*) { listeners->remove(number); }};
}

}  // namespace mus
