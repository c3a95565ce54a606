// SPDX-License-Identifier: Apache-2.0
// Several callers, the main loop, and a scheduler that is taken off and put back: what the thread sanitizer is to
// watch.
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <thread>
#include <vector>

#include "unit/daemon/fakes.hpp"

using namespace mus;
using namespace mus::test;

TEST_CASE("callers on several threads and the main loop leave map and boosts in agreement", "[service][threads]") {
  Node node;
  constexpr int kCallers = 3;
  constexpr int kRounds = 200;
  for (int i = 0; i < kCallers; ++i) node.tree.add("/c" + std::to_string(i));
  std::atomic<bool> done{false};

  std::vector<std::thread> callers;
  callers.reserve(kCallers);
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&node, i] {
      const auto request = boost_cgroup("/c" + std::to_string(i), static_cast<std::uint32_t>(2000 + i));
      for (int round = 0; round < kRounds; ++round) {
        (void)!node.service.prioritize(request);
        (void)node.service.boosts();
        (void)node.service.status()->boosts.size();
        if (round % 3 == 0) (void)!node.service.reset(request.target);
        if (round % 50 == 49) (void)!node.service.detach();
        (void)!node.service.attach();
      }
      (void)!node.service.prioritize(request);
    });
  }
  std::thread loop([&] {
    while (!done) node.service.tick();
  });
  for (auto& caller : callers) caller.join();
  done = true;
  loop.join();

  REQUIRE(node.service.attach());
  Policies wanted;
  for (int i = 0; i < kCallers; ++i) wanted[node.id("/c" + std::to_string(i))] = static_cast<std::uint32_t>(2000 + i);
  node.service.tick();
  for (const auto& [id, policy] : node.map()) CHECK(wanted.at(id) == policy);
  CHECK(node.map().size() == node.service.boosts().size());
  for (int i = 0; i < kCallers; ++i) {
    REQUIRE(node.service.prioritize(boost_cgroup("/c" + std::to_string(i), static_cast<std::uint32_t>(2000 + i))));
  }
  CHECK(node.map() == wanted);
}
