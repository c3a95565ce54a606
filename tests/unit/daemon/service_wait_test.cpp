// SPDX-License-Identifier: Apache-2.0
// Callers may wait until their boost is applied; not for ever, and not all at once.
#include <catch2/catch_test_macros.hpp>
#include <future>
#include <thread>

#include "unit/daemon/kept_node.hpp"

using namespace mus;
using namespace mus::test;
using namespace std::chrono_literals;

TEST_CASE("wait= answers when it is applied", "[follow][threads]") {
  KeptNode node;
  node.tree.remove("/kubepods/podcc");
  auto request = boost("nginx");
  request.wait = 30s;
  auto waiting = std::async(std::launch::async, [&] { return node.daemon->prioritize(request); });
  while (node.daemon->status()->boosts.empty()) std::this_thread::yield();
  CHECK(waiting.wait_for(20ms) == std::future_status::timeout);
  node.tree.add("/kubepods/podcc");
  node.daemon->follow();
  const auto reply = waiting.get();
  REQUIRE(reply);
  CHECK(reply->boost.state == Boost::State::applied);
  CHECK(reply->boost.applied.size() == 1);
}

TEST_CASE("wait= ends with its time, with the boost, and with the daemon", "[follow][threads]") {
  KeptNode node;
  node.tree.remove("/kubepods/podaa");
  node.tree.remove("/kubepods/podcc");
  auto request = boost("redis-1", "shop");
  request.wait = 10ms;
  CHECK(node.daemon->prioritize(request)->boost.state == Boost::State::pending);
  request = boost("nginx");
  request.wait = 30s;
  auto waiting = std::async(std::launch::async, [&] { return node.daemon->prioritize(request); });
  while (node.daemon->status()->boosts.size() < 2) std::this_thread::yield();
  SECTION("taken back") {
    REQUIRE(node.daemon->reset(request.target));
    CHECK(waiting.get()->boost.state == Boost::State::ended);
  }
  SECTION("stopped") {
    node.daemon->stop();
    CHECK(waiting.get()->boost.state == Boost::State::pending);
  }
}

TEST_CASE("only so many may wait: one more is refused and nothing is kept of it", "[follow][threads]") {
  KeptNode node;
  std::vector<std::future<ServiceResult<PrioritizeReply>>> waiting;
  node.tree.remove("/kubepods/podcc/c1cc");
  node.tree.remove("/kubepods/podcc/c2cc");
  for (const auto* name : {"server", "exporter"}) {
    auto request = boost_container("nginx", name);
    request.wait = 30s;
    waiting.push_back(std::async(std::launch::async, [&node, request] { return node.daemon->prioritize(request); }));
  }
  static_assert(MusService::kMostWaiting == 2);
  while (node.daemon->status()->boosts.size() < 2) std::this_thread::yield();
  auto more = boost("redis-1", "shop");
  more.wait = 1ms;
  const auto refused = node.daemon->prioritize(more);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().error.code == Errc::rate_limited);
  CHECK(refused.error().retry_after);
  CHECK(node.daemon->status()->boosts.size() == 2);
  more.wait.reset();
  CHECK(node.daemon->prioritize(more));
  node.tree.add("/kubepods/podcc/c1cc");
  node.tree.add("/kubepods/podcc/c2cc");
  node.daemon->follow();
  for (auto& one : waiting) CHECK(one.get()->boost.state == Boost::State::applied);
}
