// SPDX-License-Identifier: Apache-2.0
// Asks the daemon, so that the terminal need not wait for it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "cli/top/model.hpp"
#include "mus/http.hpp"

namespace mus::top {

/// A thread of its own, which polls once a period and sends what it is asked to send in between, one after the other.
class Feed {
 public:
  static constexpr std::chrono::seconds kPeriod{1};

  struct News {
    std::optional<Poll> poll;  ///< the last
    std::vector<std::pair<Request, Result<HttpReply>>> answers;
  };

  /// `client` outlives it, and bounds how long the destructor takes.
  explicit Feed(HttpClient& client, std::chrono::milliseconds period = kPeriod);
  ~Feed();
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  /// Readable when take() has something.
  [[nodiscard]] int fd() const { return bell_; }
  [[nodiscard]] News take();

  /// A question that only wants to know takes the place of one that has not been sent yet. After a change the next poll
  /// comes at once.
  void ask(Request request);

 private:
  void run(const std::stop_token& stop);
  void send(const Request& request);
  void poll();
  void ring() const;

  HttpClient& client_;
  const std::chrono::milliseconds period_;
  const int bell_;  ///< eventfd(2)
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Request> questions_;
  News news_;
  std::jthread thread_;  // last: stops and joins before the rest goes
};

}  // namespace mus::top
