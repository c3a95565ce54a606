// SPDX-License-Identifier: Apache-2.0
#include "cli/top/feed.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include "cli/client.hpp"
#include "mus/types.hpp"

namespace mus::top {
namespace {

bool only_asks(const Request& request) {
  return request.command.kind == Command::Kind::explain;
}

}  // namespace

Feed::Feed(HttpClient& client, std::chrono::milliseconds period)
    : client_(client),
      period_(period),
      bell_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Feed::~Feed() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  if (bell_ >= 0) close(bell_);
}

void Feed::ring() const {
  eventfd_write(bell_, 1);
}

Feed::News Feed::take() {
  eventfd_t rings = 0;
  eventfd_read(bell_, &rings);
  const std::lock_guard lock(mutex_);
  return std::exchange(news_, {});
}

void Feed::ask(Request request) {
  {
    const std::lock_guard lock(mutex_);
    if (only_asks(request)) std::erase_if(questions_, only_asks);
    questions_.push_back(std::move(request));
  }
  changed_.notify_all();
}

void Feed::run(const std::stop_token& stop) {
  auto next_poll = Clock::now();
  while (!stop.stop_requested()) {
    std::optional<Request> request;
    {
      std::unique_lock lock(mutex_);
      changed_.wait_until(lock, stop, next_poll, [this] { return !questions_.empty(); });
      if (stop.stop_requested()) return;
      if (!questions_.empty()) {
        request = std::move(questions_.front());
        questions_.pop_front();
      }
    }
    if (request) {
      send(*request);
      if (!only_asks(*request)) next_poll = Clock::now();
    }
    if (Clock::now() < next_poll) continue;
    next_poll = Clock::now() + period_;
    poll();
  }
}

void Feed::send(const Request& request) {
  auto reply = client_.send(request_method(request.command), request_path(request.command), {}, {});
  const std::lock_guard lock(mutex_);
  news_.answers.emplace_back(request, std::move(reply));
  ring();
}

void Feed::poll() {
  auto status = client_.send("GET", "/status", {}, {});
  // One that does not answer is asked one thing.
  auto pods = status ? client_.send("GET", "/pods", {}, {}) : status;
  const std::lock_guard lock(mutex_);
  news_.poll.emplace(Poll{std::move(status), std::move(pods)});
  ring();
}

}  // namespace mus::top
