// SPDX-License-Identifier: Apache-2.0
#include "daemon/main_loop.hpp"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <string>

namespace mus {
namespace {

tl::unexpected<Error> failed(const char* what, int error) {
  return fail(Errc::io, std::string(what) + ": " + std::strerror(error));
}

bool watch(const OwnedFd& epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  return epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

constexpr std::size_t kEvents = 8;

}  // namespace

Result<MainLoop> MainLoop::open() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  if (const int error = pthread_sigmask(SIG_BLOCK, &signals, nullptr); error != 0) {
    return failed("signals cannot be blocked", error);
  }
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, nullptr);
  // khugepaged, at nice 19, would hold our memory map for seconds on a node that is full: exactly when we are needed.
  prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);

  OwnedFd signal_fd(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  OwnedFd timer_fd(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  OwnedFd epoll_fd(epoll_create1(EPOLL_CLOEXEC));
  if (!signal_fd || !timer_fd || !epoll_fd || !watch(epoll_fd, signal_fd.get()) || !watch(epoll_fd, timer_fd.get())) {
    return failed("the event loop cannot be set up", errno);
  }
  return MainLoop(std::move(epoll_fd), std::move(signal_fd), std::move(timer_fd));
}

Result<int> MainLoop::run(std::chrono::milliseconds period, const Handlers& handlers) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(period);
  itimerspec timer{};
  timer.it_interval.tv_sec = seconds.count();
  timer.it_interval.tv_nsec = std::chrono::nanoseconds(period - seconds).count();
  timer.it_value = timer.it_interval;
  if (timerfd_settime(timer_.get(), 0, &timer, nullptr) != 0) return failed("the timer cannot be set", errno);

  for (const auto& source : handlers.sources) {
    if (!watch(epoll_, source.fd)) return failed("a descriptor cannot be waited for", errno);
  }

  for (;;) {
    std::array<epoll_event, kEvents> events{};
    const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
    if (count < 0 && errno != EINTR) return failed("epoll_wait", errno);
    bool tick = false;
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == timer_.get()) {
        std::uint64_t expirations = 0;  // several after a pause of the whole process: one tick makes up for them
        tick = read(timer_.get(), &expirations, sizeof expirations) == sizeof expirations;
        continue;
      }
      if (fd != signals_.get()) {
        for (const auto& source : handlers.sources) {
          if (source.fd == fd) source.ready();
        }
        continue;
      }
      signalfd_siginfo info{};
      while (read(signals_.get(), &info, sizeof info) == sizeof info) {
        const int signal = static_cast<int>(info.ssi_signo);
        if (signal != SIGHUP) return signal;
        handlers.hangup();
      }
    }
    if (tick) handlers.tick();
  }
}

}  // namespace mus
