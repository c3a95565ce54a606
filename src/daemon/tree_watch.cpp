// SPDX-License-Identifier: Apache-2.0
#include "daemon/tree_watch.hpp"

#include <utility>

namespace mus {

Result<TreeWatch::View> TreeWatch::recent(std::chrono::milliseconds age, std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  if (view_ && !error_ && Clock::now() - looked_at_ <= age) return view_;
  const auto mine = ++asked_;
  asked_for_.notify_all();
  if (!answered_.wait_for(lock, patience, [&] { return served_ >= mine; })) {
    return fail(Errc::unavailable, "the scheduler's look at the cgroup tree takes its time", "ask again in a moment");
  }
  if (error_) return tl::unexpected(*error_);
  return view_;
}

void TreeWatch::ask() {
  const std::lock_guard lock(mutex_);
  ++asked_;
  asked_for_.notify_all();
}

bool TreeWatch::wait(const std::stop_token& stop, std::chrono::milliseconds period) {
  std::unique_lock lock(mutex_);
  asked_for_.wait_for(lock, stop, period, [&] { return asked_ != served_; });
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
