// SPDX-License-Identifier: Apache-2.0
// The server's one thread that waits. It accepts, collects requests until they are whole, hands them to workers and
// sends answers. Why not the library's own loop: that one spends a thread per connection for as long as the client
// likes (a few dozen half-open connections silence it), and its time-outs are per read. Here slow clients cost a
// buffer, and liveness has a worker of its own.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "http/connection.hpp"
#include "http/worker_pool.hpp"

namespace mus {

struct Listener {
  int fd = -1;  ///< listening, non-blocking; owned by the server
  HttpRequest::Transport transport = HttpRequest::Transport::tcp;
};

class EventLoop {
 public:
  /// `reserved`: paths that get a worker of their own, so that no other request can delay them.
  EventLoop(HttpHandler& handler, std::vector<Listener> listeners, HttpLimits limits,
            std::vector<std::string> reserved);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  [[nodiscard]] bool usable() const { return static_cast<bool>(wake_); }
  /// Returns after stop(): accepts nothing more, waits for running requests (bounded), closes everything.
  void run();
  /// From any thread.
  void stop();

 private:
  using Connections = std::unordered_map<std::uint64_t, std::unique_ptr<Connection>>;

  void wake();
  void finished(std::uint64_t connection, Answer answer);
  void collect_answers(TimePoint now);
  void pump_streams(TimePoint now);
  void accept_from(std::size_t listener, TimePoint now);
  bool make_room(std::size_t listener);
  void turn_away(const Fd& fd);
  void on_ready(std::uint64_t id, Connection& connection, TimePoint now);
  void advance(std::uint64_t id, Connection& connection, TimePoint now);
  void expire(TimePoint now);
  int next_timeout(TimePoint now) const;
  void begin_stop(TimePoint now);
  void drop_waiting(TimePoint now);

  HttpHandler& handler_;
  const std::vector<Listener> listeners_;
  const HttpLimits limits_;
  const std::vector<std::string> reserved_;
  Fd wake_;
  std::atomic<bool> stop_requested_{false};
  std::atomic<bool> stream_ready_{false};  ///< some stream has something again
  bool stopping_ = false;
  TimePoint stop_deadline_;
  TimePoint accept_again_;  ///< later than now: out of descriptors, not accepting for a moment
  std::uint64_t next_id_ = 1;
  Connections connections_;
  std::mutex answers_mutex_;
  std::vector<std::pair<std::uint64_t, Answer>> answers_;
  // Last, so that they are joined before anything that they use goes.
  WorkerPool workers_;
  WorkerPool reserve_;
};

}  // namespace mus
