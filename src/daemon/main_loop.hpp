// SPDX-License-Identifier: Apache-2.0
// The main thread's loop: signals, a tick and what else can be waited for, through epoll. No signal handler, no flag.
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "daemon/fd.hpp"
#include "mus/result.hpp"

namespace mus {

class MainLoop {
 public:
  /// A descriptor that stays open while the loop runs, and what to do whenever it can be read from.
  struct Source {
    int fd = -1;
    std::function<void()> ready;
  };
  struct Handlers {
    std::function<void()> tick;
    std::function<void()> hangup;  ///< SIGHUP
    std::vector<Source> sources{};
  };

  /// Blocks SIGTERM, SIGINT and SIGHUP for this thread and all that it starts from now on, and ignores SIGPIPE; takes
  /// huge pages away. Make it before any other thread exists: a signal that finds a thread which does not block it ends
  /// the process.
  static Result<MainLoop> open();

  /// Runs until SIGTERM or SIGINT; returns which.
  Result<int> run(std::chrono::milliseconds period, const Handlers& handlers);

 private:
  MainLoop(OwnedFd epoll, OwnedFd signals, OwnedFd timer)
      : epoll_(std::move(epoll)), signals_(std::move(signals)), timer_(std::move(timer)) {}

  OwnedFd epoll_;
  OwnedFd signals_;
  OwnedFd timer_;
};

}  // namespace mus
