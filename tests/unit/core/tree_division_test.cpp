// SPDX-License-Identifier: Apache-2.0
// What each cgroup gets: records made into a tree, and the division without levels that holds threads and limits.
#include "core/tree_division.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <limits>
#include <numeric>

#include "division_model.hpp"

using namespace mus;
using namespace mus::model;
using Catch::Approx;

namespace {

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

CgroupRecord cgroup_record(std::uint64_t id, std::uint64_t parent, std::uint32_t level, double limit) {
  CgroupRecord out;
  out.id = CgroupId{id};
  out.parent = CgroupId{parent};
  out.flow = static_cast<std::uint32_t>(id);
  out.shares = 1024;
  out.threads = 1;
  out.load = 100;
  out.level = level;
  out.limit = limit;
  return out;
}

TreeDivision divide_records(const std::vector<CgroupRecord>& records, double cpus) {
  return divide_tree(records, std::vector<double>(records.size(), 4), std::vector<double>(records.size(), 100), cpus);
}

// Does x agree with the rule, whatever way it was found? Each gets what its weight gives at its level, or all that it
// can use; the level is the same for all that no limit parts, and a limit parts only where it is used up.
void check_allotments(const TreeDivision& tree, const std::vector<double>& factors, const std::vector<double>& got) {
  const auto& nodes = tree.nodes;
  const auto with_below = sums(nodes, got);
  for (std::size_t i = nodes.size(); i-- > 0;) {
    REQUIRE(with_below[i] <= nodes[i].most * (1 + 1e-9) + 1e-9);
    REQUIRE(got[i] <= nodes[i].threads * (1 + 1e-9));
  }
  const double total = std::accumulate(got.begin(), got.end(), 0.0);
  REQUIRE(total <= tree.cpus * (1 + 1e-9));
  // Who could use more has the level of the highest below the innermost limit above it that is used up.
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].threads <= 0 || got[i] >= nodes[i].threads * (1 - 1e-6)) continue;
    std::uint32_t cause = i;
    while (cause != kRoot && with_below[cause] < nodes[cause].most * (1 - 1e-6)) cause = nodes[cause].parent;
    if (cause == kRoot) REQUIRE(total == Approx(tree.cpus));
    const double mine = got[i] / (tree.shares[i].own * factors[i]);
    for (std::uint32_t j = 0; j < nodes.size(); ++j) {
      if (nodes[j].threads <= 0) continue;
      std::uint32_t above = j;
      while (above != kRoot && above != cause) above = nodes[above].parent;
      if (above != cause) continue;
      REQUIRE(got[j] / (tree.shares[j].own * factors[j]) <= mine * (1 + 1e-6));
    }
  }
}

}  // namespace

TEST_CASE("a record's limit becomes the node's", "[tree_division]") {
  const auto tree = divide_records({cgroup_record(1, 0, 1, 0), cgroup_record(2, 1, 2, 0.5)}, 2);
  CHECK(tree.nodes[0].most == kUnlimited);
  CHECK(tree.nodes[1].most == 0.5);
  CHECK(tree.cpus == 2);
  CHECK(tree.shares.size() == 2);
}

TEST_CASE("a limit does not count where a policy there or below lifts it, at that level or above", "[tree_division]") {
  // pod { container { inner } }, another pod; each limited.
  std::vector<CgroupRecord> records = {cgroup_record(1, 0, 1, 3), cgroup_record(2, 1, 2, 2), cgroup_record(3, 2, 3, 1),
                                       cgroup_record(4, 0, 1, 1)};
  const auto limits = [&] {
    std::vector<double> most;
    for (const auto& node : divide_records(records, 8).nodes) most.push_back(node.most);
    return most;
  };
  CHECK(limits() == std::vector<double>{3, 2, 1, 1});
  records[2].lifted_from = 3;
  CHECK(limits() == std::vector<double>{3, 2, kUnlimited, 1});
  records[2].lifted_from = 2;
  CHECK(limits() == std::vector<double>{3, kUnlimited, kUnlimited, 1});
  records[1].lifted_from = 1;  // the topmost that is lifted below counts
  CHECK(limits() == std::vector<double>{kUnlimited, kUnlimited, kUnlimited, 1});
}

TEST_CASE("allotments hold each limit and give the rest by weight, whatever the factors", "[tree_division]") {
  Trees trees(11);
  for (int i = 0; i < 2000; ++i) {
    CAPTURE(i);
    const auto nodes = trees.next_with_limits();
    const auto tree = divided(nodes, static_cast<double>(trees.number(1, 16)));
    std::vector<double> factors;
    for (std::size_t n = 0; n < nodes.size(); ++n) {
      factors.push_back(static_cast<double>(trees.number(16, trees.number(0, 1) == 0 ? 1024 : 102400)) / 1024);
    }
    check_allotments(tree, factors, allotments(tree, factors));
  }
}

TEST_CASE("one set of factors after the other gives what each gives by itself", "[tree_division]") {
  Trees trees(12);
  for (int i = 0; i < 300; ++i) {
    const auto nodes = trees.next_with_limits();
    const auto tree = divided(nodes, 4);
    Filling filling(tree);
    for (int again = 0; again < 5; ++again) {
      std::vector<double> factors;
      for (std::size_t n = 0; n < nodes.size(); ++n) factors.push_back(static_cast<double>(trees.number(1, 1000)) / 10);
      const auto wanted = allotments(tree, factors);
      const auto& got = filling.fill(factors);
      for (std::size_t n = 0; n < nodes.size(); ++n) REQUIRE(got[n] == Approx(wanted[n]).margin(1e-9));
    }
  }
}

TEST_CASE("a boost raises what one gets, but not above its limit or that of its pod", "[tree_division]") {
  const auto tree =
      divide_records({cgroup_record(1, 0, 1, 1.5), cgroup_record(2, 1, 2, 1), cgroup_record(3, 0, 1, 0)}, 2);
  const auto got = allotments(tree, {1, 100, 1});
  CHECK(got[0] == Approx(1.0 / 3));
  CHECK(got[1] == Approx(1));
  CHECK(got[2] == Approx(2.0 / 3));
}

TEST_CASE("normalised, CPU time that is used weighs 1 on average", "[tree_division]") {
  CHECK(normaliser({}, {}) == Approx(1));
  Trees trees(4);
  for (int i = 0; i < 500; ++i) {
    const auto nodes = trees.next_with_limits();
    const auto tree = divided(nodes, 4);
    const auto got = flat(nodes, 4);
    const double factor = normaliser(tree, got);
    double passed = 0;
    for (std::size_t n = 0; n < nodes.size(); ++n) passed += got[n] / (tree.shares[n].own * factor);
    const double used = std::accumulate(got.begin(), got.end(), 0.0);
    if (used > 0) REQUIRE(passed / used == Approx(1).margin(1e-4));
  }
}
