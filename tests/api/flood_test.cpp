// SPDX-License-Identifier: Apache-2.0
// The real program under crowds of bad clients: whoever watches over it is answered in time, and nothing is left of
// them.
#include <algorithm>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <iterator>
#include <list>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "api/daemon_steps.hpp"
#include "support/raw_socket.hpp"

using namespace mus;
using namespace mus::test;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kProbes = 150;  // on each door by turns
constexpr auto kProbePause = 10ms;
// The program as it is shipped is promised; with every access of memory checked it is so many times as slow.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr auto kPromised = 500ms;
#else
constexpr auto kPromised = 50ms;
#endif

/// Where to knock.
struct Doors {
  std::string socket;
  int port = 0;  ///< 0: only the socket
  [[nodiscard]] RawSocket knock(int number) const {
    return number % 2 == 0 || port == 0 ? RawSocket(socket) : RawSocket(port);
  }
};

int entries(const std::string& directory) {
  return static_cast<int>(std::distance(std::filesystem::directory_iterator(directory), {}));
}

struct Held {
  int descriptors = 0;
  int threads = 0;
};

/// The least of some moments: it opens files by itself now and then.
Held held_by(const DaemonProcess& daemon) {
  const auto proc = "/proc/" + std::to_string(daemon.pid());
  Held least{entries(proc + "/fd"), entries(proc + "/task")};
  for (int i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(5ms);
    least.descriptors = std::min(least.descriptors, entries(proc + "/fd"));
    least.threads = std::min(least.threads, entries(proc + "/task"));
  }
  return least;
}

Clock::duration p99_of_livez(const Doors& doors) {
  std::vector<Clock::duration> times;
  for (int i = 0; i < kProbes; ++i) {
    const auto began = Clock::now();
    auto client = doors.knock(i);
    client.send("GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    REQUIRE(status_of(client.read_answer()) == 200);
    times.push_back(Clock::now() - began);
    std::this_thread::sleep_for(kProbePause);
  }
  std::sort(times.begin(), times.end());
  return times[kProbes * 99 / 100];
}

/// Until it is enough; answers that nobody should get are counted: Catch2 is for one thread.
using Load = std::function<void(const Doors&, const std::stop_token&, std::atomic<int>& odd)>;

/// Two threads make the load while /livez is asked; then they and all of their connections are gone.
void bear(const std::string& what, const Load& load) {
  INFO(what);
  DaemonProcess daemon;
  start_and_wait(daemon);
  const auto before = held_by(daemon);
  const auto log = daemon.log();
  const std::string said = "api.sock and 127.0.0.1:";
  REQUIRE(has(log, said));
  const Doors doors{daemon.path("api.sock"), std::stoi(log.substr(log.find(said) + said.size()))};
  REQUIRE(p99_of_livez(doors) < kPromised);  // so far nobody is in the way
  std::atomic<int> odd = 0;
  Clock::duration p99{};
  {
    const auto work = [&](const std::stop_token& stop) { load(doors, stop, odd); };
    const std::jthread one(work);
    const std::jthread two(work);
    p99 = p99_of_livez(doors);
  }
  const std::chrono::duration<double, std::milli> p99_ms = p99;
  INFO("the 99th percentile is " << p99_ms.count() << " ms");
  CHECK(p99 < kPromised);
  CHECK(odd == 0);
  const auto until = Clock::now() + 10s;
  auto after = held_by(daemon);
  while (after.descriptors > before.descriptors && Clock::now() < until) after = held_by(daemon);
  CHECK(after.descriptors <= before.descriptors);
  CHECK(after.threads <= before.threads);
  CHECK(status(daemon)["boosts"].empty());
}

/// One request after the other, each on a connection of its own. Busy servers refuse and push out.
Load again_and_again(const std::string& request, int expected) {
  return [=](const Doors& doors, const std::stop_token& stop, std::atomic<int>& odd) {
    for (int i = 0; !stop.stop_requested(); ++i) {
      auto client = doors.knock(i);
      client.send(request);
      const auto status = status_of(client.read_answer(2s));
      if (status != expected && status != 503 && status != 0) ++odd;
    }
  };
}

/// Only by the socket, where everything may be asked without a token.
Load by_socket(const Load& load) {
  return [=](const Doors& doors, const std::stop_token& stop, std::atomic<int>& odd) {
    load({doors.socket, 0}, stop, odd);
  };
}

}  // namespace

TEST_CASE("/livez in time beside 200 half-open connections, and none of them stays", "[daemon][flood]") {
  bear("half-open", [](const Doors& doors, const std::stop_token& stop, std::atomic<int>&) {
    std::list<RawSocket> clients;
    while (!stop.stop_requested()) {
      clients.push_back(doors.knock(static_cast<int>(clients.size())));
      clients.back().send(clients.size() % 3 == 0 ? "GET /livez HTT" : "POST /prioritize HTTP/1.1\r\nHost: x\r\n");
      if (clients.size() > 100) clients.pop_front();
      std::this_thread::sleep_for(1ms);
    }
  });
}

TEST_CASE("/livez in time beside clients that send a byte now and then", "[daemon][flood]") {
  bear("slow", [](const Doors& doors, const std::stop_token& stop, std::atomic<int>&) {
    const std::string request = "GET /status HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + std::string(200, 'x');
    std::list<RawSocket> clients;
    for (int i = 0; i < 60; ++i) clients.push_back(doors.knock(i));
    for (std::size_t at = 0; !stop.stop_requested(); ++at) {
      for (auto& client : clients) client.send(request.substr(at % request.size(), 1));
      std::this_thread::sleep_for(5ms);
    }
  });
}

TEST_CASE("/livez in time beside requests that are none", "[daemon][flood]") {
  bear("malformed", again_and_again("BREW /coffee HTCPCP/1.0\r\nContent-Length: -1\r\n\r\n", 400));
}

TEST_CASE("/livez in time beside a flood of the largest answers", "[daemon][flood]") {
  bear("large", again_and_again("GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 200));
}

TEST_CASE("/livez in time beside a flood of questions about everything that runs", "[daemon][flood]") {
  bear("metrics",
       by_socket(again_and_again("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 200)));
}

TEST_CASE("/livez in time beside a flood of changes that are refused, and nothing is changed", "[daemon][flood]") {
  bear("refused", again_and_again("POST /prioritize?pod=redis HTTP/1.1\r\nHost: localhost\r\nOrigin: "
                                  "http://evil.example\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                                  403));
}

TEST_CASE("/livez in time beside clients that ask and do not read", "[daemon][flood]") {
  bear("deaf", [](const Doors& doors, const std::stop_token& stop, std::atomic<int>&) {
    std::list<RawSocket> clients;
    while (!stop.stop_requested()) {
      clients.push_back(doors.knock(static_cast<int>(clients.size())));
      for (int i = 0; i < 8; ++i) clients.back().send("GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n");
      if (clients.size() > 40) clients.pop_front();
      std::this_thread::sleep_for(5ms);
    }
  });
}
