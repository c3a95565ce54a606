// SPDX-License-Identifier: Apache-2.0
// What cgroups ran and waited, on its way from the scheduler's meters to who asks.
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "unit/daemon/seen_node.hpp"

using namespace mus;
using namespace mus::test;

TEST_CASE("a container's row has what it ran and waited, and what its share gives it", "[figures]") {
  SeenNode node;
  const auto rows = node.service.pods();
  REQUIRE(rows);
  REQUIRE(rows->size() == 2);
  const auto& redis = rows->at(0);
  CHECK(redis.pod == "redis");
  REQUIRE(redis.stats);
  CHECK(redis.stats->cpu_time_ns == 500'000'000);
  CHECK(redis.stats->waits == 500);
  CHECK(redis.stats->recent.waits == 500);
  CHECK(redis.stats->recent.p50_us > 1);
  CHECK(redis.stats->recent.p99_us < 2.1);
  // Half of the node is the services'; of the rest batch has ten times as much.
  CHECK(rows->at(1).stats->share_cpus ==
        Catch::Approx(10 * redis.stats->share_cpus).epsilon(0.03));  // the kernel rounds weights
}

TEST_CASE("a boost shows in the share of the next figures", "[figures]") {
  SeenNode node;
  const auto redis = node.tree.directories.at("/kubepods/podaa/caa");
  const auto before = node.service.figures()->find(redis)->share_cpus;
  PrioritizeRequest request;
  request.target.pod = "redis";
  request.weight = 8192;
  REQUIRE(node.service.prioritize(request));
  CHECK(node.service.figures()->find(redis)->share_cpus > 2 * before);
}

TEST_CASE("of a pod are the figures of all its containers, and of what is gone the rest stays", "[figures]") {
  SeenNode node;
  const auto figures = node.service.figures();
  CHECK(figures->find(node.tree.directories.at("/kubepods"))->cpu_time_ns == 1'000'000'000);
  CHECK(figures->find(node.tree.directories.at("/system.slice"))->cpu_time_ns == 500'000'000);
}

TEST_CASE("without an attached scheduler there are no figures, and nobody waits for them", "[figures]") {
  SeenNode node;
  REQUIRE_FALSE(node.service.figures()->cgroups.empty());
  REQUIRE(node.service.detach());
  const auto began = Clock::now();
  CHECK(node.service.figures()->cgroups.empty());
  CHECK(Clock::now() - began < std::chrono::milliseconds(100));
  const auto rows = node.service.pods();
  REQUIRE(rows);
  CHECK_FALSE(rows->at(0).stats);
}

TEST_CASE("while nobody looks at the tree the last figures are told, after a moment", "[figures]") {
  SeenNode node;
  const auto last = node.service.figures();
  node.keeper.reset();
  node.service.tree_watch().ask();  // the last view is old
  CHECK(node.service.figures() == last);
}
