// SPDX-License-Identifier: Apache-2.0
// The division of CPU time between cgroups, against trees worked out by hand and against a slow model of what Linux'
// group scheduling does level by level.
#include "core/shares.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include "division_model.hpp"

using namespace mus;
using namespace mus::model;
using Catch::Approx;

namespace {

ShareNode slice(std::uint32_t parent, double weight) {
  return {parent, weight, 0, 0};
}
ShareNode container(std::uint32_t parent, double weight, double threads) {
  return {parent, weight, threads, threads * 100};
}

}  // namespace

TEST_CASE("a cgroup at the top weighs its cpu.weight, 100 being a thread's", "[shares]") {
  const auto shares = divide({container(kRoot, 100, 3), container(kRoot, 79, 1), container(kRoot, 1, 0)}, 2);
  CHECK(shares[0].own == Approx(1));
  CHECK(shares[1].own == Approx(0.79));
  CHECK(shares[2].own == Approx(0.01));
}

TEST_CASE("a Kubernetes node: requests count level by level, and sleepers' shares go to their siblings", "[shares]") {
  // kubepods 79 { burstable 24 { redis pod 4 { container 17 }, noise pod 20 { container 59 } }, besteffort 1 { pod 1 }
  // }
  std::vector<ShareNode> node = {slice(kRoot, 79), slice(0, 24),        slice(1, 4), container(2, 17, 1),
                                 slice(1, 20),     container(4, 59, 6), slice(0, 1), container(6, 1, 0)};
  auto shares = divide(node, 2);
  CHECK(shares[3].own == Approx(0.79 * 4 / 24));
  CHECK(shares[5].own == Approx(0.79 * 20 / 24));
  CHECK(shares[7].own == Approx(0.79 * 1 / 25));  // asleep: as if it were awake
  node[7].threads = 4;
  node[7].load = 400;
  shares = divide(node, 2);
  CHECK(shares[3].own == Approx(0.79 * 24 / 25 * 4 / 24));
  CHECK(shares[7].own == Approx(0.79 * 1 / 25));
  node[5].threads = node[5].load = 0;
  shares = divide(node, 2);
  CHECK(shares[3].own == Approx(0.79 * 24 / 25));
}

TEST_CASE("what one thread cannot use of two CPUs goes to its sibling, not to strangers", "[shares]") {
  // 300 and 100 below one pod: 1 thread may use 1 CPU of the 1.5 that the weights give it.
  const std::vector<ShareNode> node = {slice(kRoot, 100), container(0, 300, 1), container(0, 100, 8)};
  const auto shares = divide(node, 2);
  CHECK(shares[2].own == Approx(0.5));
  CHECK(shares[1].own == Approx(0.75));
  const auto got = flat(node, 2);
  CHECK(got[1] == Approx(1));
  CHECK(got[2] == Approx(1));
}

TEST_CASE("one thread and sixteen weigh the same for the same cpu.weight", "[shares]") {
  const auto shares = divide({slice(kRoot, 100), container(0, 50, 1), container(0, 50, 16)}, 1);
  CHECK(shares[1].own == Approx(shares[2].own));
}

TEST_CASE("threads of a cgroup with children compete with these by what their nice is worth", "[shares]") {
  std::vector<ShareNode> node = {container(kRoot, 100, 3), container(0, 300, 2)};
  auto shares = divide(node, 1);
  CHECK(shares[0].own == Approx(0.5));
  CHECK(shares[1].own == Approx(0.5));
  node[0].load = 45;  // three at nice 19
  shares = divide(node, 1);
  CHECK(shares[0].own == Approx(45.0 / 345));
}

TEST_CASE("a newcomer's share follows from what its parent's division says", "[shares]") {
  std::vector<ShareNode> node = {slice(kRoot, 200), container(0, 50, 4), container(0, 30, 4), container(0, 20, 0)};
  const auto before = divide(node, 1);
  CHECK(before[0].rivals == Approx(80));
  const double foretold = before[0].whole * 20 / (before[0].rivals + 20);
  CHECK(before[3].own == Approx(foretold));
  node[3].threads = 4;
  node[3].load = 400;
  CHECK(divide(node, 1)[3].own == Approx(foretold));
}

TEST_CASE("a division without levels by these weights gives what the hierarchy gives", "[shares]") {
  Trees trees(1);
  for (int i = 0; i < 2000; ++i) {
    const auto nodes = trees.next();
    const auto cpus = static_cast<double>(trees.number(1, 16));
    const auto wanted = level_by_level(nodes, cpus);
    const auto got = flat(nodes, cpus);
    for (std::size_t n = 0; n < nodes.size(); ++n) {
      INFO("tree " << i << ", node " << n << " of " << nodes.size() << ", " << cpus << " CPUs");
      REQUIRE(got[n] == Approx(wanted[n]).margin(1e-6));
    }
  }
}

TEST_CASE("the same with limits at any level", "[shares]") {
  Trees trees(5);
  for (int i = 0; i < 3000; ++i) {
    const auto nodes = trees.next_with_limits();
    const auto cpus = static_cast<double>(trees.number(1, 16));
    const auto wanted = level_by_level(nodes, cpus);
    const auto got = flat(nodes, cpus);
    for (std::size_t n = 0; n < nodes.size(); ++n) {
      INFO("tree " << i << ", node " << n << " of " << nodes.size() << ", " << cpus << " CPUs");
      REQUIRE(got[n] == Approx(wanted[n]).margin(1e-6));
    }
  }
}

TEST_CASE("what a limit does not let a cgroup use goes to its siblings, not to strangers", "[shares]") {
  // A pod with half of two CPUs: 0.25 of that CPU for the limited container, the rest for the other.
  std::vector<ShareNode> node = {slice(kRoot, 100), container(0, 100, 4), container(0, 100, 4),
                                 container(kRoot, 100, 4)};
  node[1].most = 0.25;
  const auto shares = divide(node, 2);
  CHECK(shares[2].own == Approx(0.75));
  CHECK(shares[1].own == Approx(0.5));  // as if it had no limit
  const auto got = flat(node, 2);
  CHECK(got[1] == Approx(0.25));
  CHECK(got[2] == Approx(0.75));
  CHECK(got[3] == Approx(1));
}

TEST_CASE("below a limit it is divided by weight, and all together weigh what the cgroup would without it",
          "[shares]") {
  std::vector<ShareNode> node = {slice(kRoot, 100), container(0, 300, 4), container(0, 100, 4),
                                 container(kRoot, 100, 4)};
  node[0].most = 0.4;
  const auto shares = divide(node, 2);
  CHECK(shares[0].whole == Approx(1));
  CHECK(shares[1].own == Approx(0.75));
  CHECK(shares[2].own == Approx(0.25));
  const auto got = flat(node, 2);
  CHECK(got[1] == Approx(0.3));
  CHECK(got[2] == Approx(0.1));
  CHECK(got[3] == Approx(1.6));
}

TEST_CASE("a limit that does not bind changes nothing", "[shares]") {
  Trees trees(6);
  for (int i = 0; i < 200; ++i) {
    const auto nodes = trees.next();
    auto limited = nodes;
    for (auto& node : limited) node.most = 1000;
    const auto without = divide(nodes, 4);
    const auto with = divide(limited, 4);
    for (std::size_t n = 0; n < nodes.size(); ++n) {
      REQUIRE(with[n].own == Approx(without[n].own));
      REQUIRE(with[n].whole == Approx(without[n].whole));
    }
  }
}

TEST_CASE("where all have more threads than CPUs, the shares of a cgroup's parts sum up to its own", "[shares]") {
  Trees trees(2);
  for (int i = 0; i < 500; ++i) {
    auto nodes = trees.next();
    for (auto& node : nodes) {
      if (node.threads > 0) node.threads = 16;
    }
    const auto shares = divide(nodes, 4);
    for (std::uint32_t parent = 0; parent < nodes.size(); ++parent) {
      double sum = nodes[parent].threads > 0 ? shares[parent].own : 0;
      for (std::uint32_t n = 0; n < nodes.size(); ++n) {
        if (nodes[n].parent == parent && demand_of(nodes, n) > 0) sum += shares[n].whole;
      }
      if (sum > 0) REQUIRE(sum == Approx(shares[parent].whole));
    }
  }
}

TEST_CASE("more weight never means a smaller share, of oneself or of what is below", "[shares]") {
  Trees trees(3);
  for (int i = 0; i < 500; ++i) {
    auto nodes = trees.next();
    const std::size_t one = trees.number(0, nodes.size() - 1);
    const auto before = divide(nodes, 4);
    nodes[one].weight *= 1.5;
    const auto after = divide(nodes, 4);
    REQUIRE(after[one].whole >= before[one].whole * (1 - 1e-9));
    REQUIRE(after[one].own >= before[one].own * (1 - 1e-9));
  }
}
