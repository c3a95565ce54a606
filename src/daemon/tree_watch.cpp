// SPDX-License-Identifier: Apache-2.0
#include "daemon/tree_watch.hpp"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace mus {
namespace {

using namespace std::chrono_literals;

// How long a wait is at most where the system had no descriptor left for the bell.
constexpr auto kDeaf = 40ms;

}  // namespace

TreeWatch::TreeWatch() : bell_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void TreeWatch::ring() const {
  eventfd_write(bell_.get(), 1);
}

Result<TreeWatch::View> TreeWatch::recent(std::chrono::milliseconds age, std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  if (view_ && !error_ && looked_at_ >= changed_at_ && Clock::now() - looked_at_ <= age) return view_;
  const auto mine = ++asked_;
  ring();
  if (!answered_.wait_for(lock, patience, [&] { return served_ >= mine; })) {
    return fail(Errc::unavailable, "the scheduler's look at the cgroup tree takes its time", "ask again in a moment");
  }
  if (error_) return tl::unexpected(*error_);
  return view_;
}

void TreeWatch::ask() {
  const std::lock_guard lock(mutex_);
  ++asked_;
  changed_at_ = Clock::now();
  ring();
}

bool TreeWatch::wait(const std::stop_token& stop, std::optional<std::chrono::milliseconds> at_most, int fd) {
  const std::stop_callback wake(stop, [this] { ring(); });
  if (!bell_) at_most = std::min(at_most.value_or(kDeaf), kDeaf);
  std::array<pollfd, 2> sources{{{bell_.get(), POLLIN, 0}, {fd, POLLIN, 0}}};
  poll(sources.data(), sources.size(), at_most ? static_cast<int>(at_most->count()) : -1);
  eventfd_t rings = 0;
  eventfd_read(bell_.get(), &rings);
  const std::lock_guard lock(mutex_);
  looking_ = asked_;
  began_ = Clock::now();
  return asked_ != served_;
}

void TreeWatch::publish(View view) {
  const std::lock_guard lock(mutex_);
  view_ = std::move(view);
  looked_at_ = began_;
  error_.reset();
  answer();
}

void TreeWatch::failed(Error error) {
  const std::lock_guard lock(mutex_);
  error_ = std::move(error);
  answer();
}

void TreeWatch::answer() {
  served_ = looking_;
  answered_.notify_all();
}

}  // namespace mus
