// SPDX-License-Identifier: Apache-2.0
#include "daemon/main_loop.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <cstdint>

using namespace mus;
using namespace std::chrono_literals;

namespace {

/// The loop blocks signals for its thread, which here is that of other tests, too.
struct KeptSignals {
  KeptSignals() { pthread_sigmask(SIG_BLOCK, nullptr, &mask); }
  ~KeptSignals() { pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
  sigset_t mask;
};

}  // namespace

TEST_CASE("a descriptor that can be read from is dealt with at once, between two ticks", "[main_loop]") {
  const KeptSignals kept;
  auto loop = MainLoop::open();
  REQUIRE(loop);
  const OwnedFd fd(eventfd(3, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE));
  int ready = 0;
  int ticks = 0;
  MainLoop::Handlers handlers;
  handlers.tick = [&] { ++ticks; };
  handlers.hangup = [] {};
  handlers.sources.push_back({fd.get(), [&] {
                                std::uint64_t one = 0;
                                REQUIRE(read(fd.get(), &one, sizeof one) == sizeof one);
                                if (++ready == 3) std::raise(SIGTERM);
                              }});
  const auto signal = loop->run(1h, handlers);
  REQUIRE(signal);
  CHECK(*signal == SIGTERM);
  CHECK(ready == 3);
  CHECK(ticks == 0);
}

TEST_CASE("a descriptor that cannot be waited for is an error, not a loop without it", "[main_loop]") {
  const KeptSignals kept;
  auto loop = MainLoop::open();
  REQUIRE(loop);
  MainLoop::Handlers handlers;
  handlers.sources.push_back({-1, [] {}});
  const auto ran = loop->run(1h, handlers);
  REQUIRE_FALSE(ran);
  CHECK(ran.error().code == Errc::io);
}
