// SPDX-License-Identifier: Apache-2.0
// The division of CPU time between cgroups, against trees worked out by hand and against a slow model of what Linux'
// group scheduling does level by level.
#include "core/shares.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <functional>
#include <numeric>
#include <random>

using namespace mus;
using Catch::Approx;

namespace {

constexpr std::uint32_t kRoot = ShareNode::kRoot;

ShareNode slice(std::uint32_t parent, double weight) {
  return {parent, weight, 0, 0};
}
ShareNode container(std::uint32_t parent, double weight, double threads) {
  return {parent, weight, threads, threads * 100};
}

struct Taker {
  double weight, demand, got = 0;
};

// What remains is divided by weight among those who want more, until nothing remains or nobody does.
void fill(std::vector<Taker*> takers, double capacity) {
  while (capacity > 1e-12 && !takers.empty()) {
    double weights = 0;
    for (const auto* taker : takers) weights += taker->weight;
    double given = 0;
    for (auto* taker : takers) {
      const double more = std::min(taker->demand - taker->got, capacity * taker->weight / weights);
      taker->got += more;
      given += more;
    }
    capacity -= given;
    std::erase_if(takers, [](const Taker* taker) { return taker->demand - taker->got < 1e-12; });
  }
}

double demand_of(const std::vector<ShareNode>& nodes, std::uint32_t node) {
  double sum = nodes[node].threads;
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].parent == node) sum += demand_of(nodes, i);
  }
  return sum;
}

// CPUs that each node's own threads get, level by level.
std::vector<double> level_by_level(const std::vector<ShareNode>& nodes, double cpus) {
  std::vector<double> own(nodes.size());
  const std::function<void(std::uint32_t, double)> below = [&](std::uint32_t parent, double capacity) {
    std::vector<std::uint32_t> who;
    std::vector<Taker> takers;
    for (std::uint32_t i = 0; i < nodes.size(); ++i) {
      if (nodes[i].parent != parent) continue;
      who.push_back(i);
      takers.push_back({nodes[i].weight, demand_of(nodes, i)});
    }
    if (parent != kRoot && nodes[parent].threads > 0) takers.push_back({nodes[parent].load, nodes[parent].threads});
    std::vector<Taker*> all;
    for (auto& taker : takers) all.push_back(&taker);
    fill(all, capacity);
    if (takers.size() > who.size()) own[parent] = takers.back().got;
    for (std::size_t i = 0; i < who.size(); ++i) below(who[i], takers[i].got);
  };
  below(kRoot, cpus);
  return own;
}

std::vector<double> flat(const std::vector<ShareNode>& nodes, double cpus) {
  const auto shares = divide(nodes, cpus);
  std::vector<Taker> takers;
  std::vector<Taker*> all;
  for (std::size_t i = 0; i < nodes.size(); ++i) takers.push_back({shares[i].own, nodes[i].threads});
  for (auto& taker : takers) all.push_back(&taker);
  fill(all, cpus);
  std::vector<double> got;
  for (const auto& taker : takers) got.push_back(taker.got);
  return got;
}

class Trees {
 public:
  explicit Trees(unsigned seed) : random_(seed) {}
  std::vector<ShareNode> next() {
    std::vector<ShareNode> nodes(number(1, 24));
    for (std::uint32_t i = 0; i < nodes.size(); ++i) {
      const auto parent = static_cast<std::uint32_t>(number(0, i));
      nodes[i].parent = parent == i ? kRoot : parent;
      nodes[i].weight = number(0, 3) == 0 ? 1 : static_cast<double>(number(1, 10000));
      if (number(0, 2) == 0) continue;
      nodes[i].threads = static_cast<double>(number(1, 800)) / 100;
      nodes[i].load = nodes[i].threads * static_cast<double>(number(3, 300));
    }
    return nodes;
  }
  std::size_t number(std::size_t least, std::size_t most) {
    return std::uniform_int_distribution<std::size_t>(least, most)(random_);
  }

 private:
  std::mt19937 random_;
};

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

TEST_CASE("normalised, CPU time that is used weighs 1 on average", "[shares]") {
  CHECK(normaliser({}, {}, 4) == Approx(1));
  Trees trees(4);
  for (int i = 0; i < 500; ++i) {
    const auto nodes = trees.next();
    const auto shares = divide(nodes, 4);
    const double factor = normaliser(nodes, shares, 4);
    const auto got = flat(nodes, 4);
    double passed = 0;
    for (std::size_t n = 0; n < nodes.size(); ++n) passed += got[n] / (shares[n].own * factor);
    const double used = std::accumulate(got.begin(), got.end(), 0.0);
    if (used > 0) REQUIRE(passed / used == Approx(1).margin(1e-4));
  }
}
