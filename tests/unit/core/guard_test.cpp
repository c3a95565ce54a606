// SPDX-License-Identifier: Apache-2.0
// What boosts leave to others.
#include "core/guard.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "division_model.hpp"

using namespace mus;
using namespace mus::model;
using Catch::Approx;

namespace {

using Boosts = std::vector<std::uint32_t>;
using Services = std::vector<bool>;

constexpr GuardOptions kDefaults;
constexpr GuardOptions kOff{1, 0};

ShareNode hogs(double weight, double threads = 4) {
  return {kRoot, weight, threads, 100};
}

struct Sums {
  double all = 0, boosted = 0, services = 0;
};

Sums with(const TreeDivision& tree, const Boosts& boosts, const Services& services, const Guards& guards) {
  std::vector<double> factors;
  for (std::size_t i = 0; i < boosts.size(); ++i) {
    factors.push_back(boosts[i] / 1024.0 * guards.factor(boosts[i], services[i]));
  }
  const auto got = allotments(tree, factors);
  Sums sums;
  for (std::size_t i = 0; i < boosts.size(); ++i) {
    sums.all += got[i];
    if (boosts[i] > 1024) sums.boosted += got[i];
    if (boosts[i] == 1024 && services[i]) sums.services += got[i];
  }
  return sums;
}

Boosts none_boosted(Boosts boosts) {
  for (auto& boost : boosts) boost = std::min(boost, 1024U);
  return boosts;
}

// What those get who are boosted in `boosts`, and the services, if none was boosted.
Sums without(const TreeDivision& tree, const Boosts& boosts, const Services& services) {
  std::vector<double> factors;
  for (const auto boost : none_boosted(boosts)) factors.push_back(boost / 1024.0);
  const auto got = allotments(tree, factors);
  Sums sums;
  for (std::size_t i = 0; i < boosts.size(); ++i) {
    sums.all += got[i];
    if (boosts[i] > 1024) sums.boosted += got[i];
    if (boosts[i] == 1024 && services[i]) sums.services += got[i];
  }
  return sums;
}

// The same while the services want all CPUs, each in proportion to what it wants now.
TreeDivision wanting_all(TreeDivision tree, const Boosts& boosts, const Services& services) {
  double threads = 0;
  const auto counts = [&](std::size_t i) { return services[i] && boosts[i] == 1024; };
  for (std::size_t i = 0; i < boosts.size(); ++i) threads += counts(i) ? tree.nodes[i].threads : 0;
  for (std::size_t i = 0; i < boosts.size(); ++i) {
    if (counts(i) && threads < tree.cpus) tree.nodes[i].threads *= tree.cpus / threads;
  }
  return tree;
}

struct Case {
  TreeDivision tree;
  Boosts boosts;
  Services services;
};

Case random_case(Trees& trees) {
  Case one;
  const auto nodes = trees.number(0, 1) == 0 ? trees.next() : trees.next_with_limits();
  one.tree = divided(nodes, static_cast<double>(trees.number(1, 8)));
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const std::size_t kind = trees.number(0, 5);
    one.boosts.push_back(kind > 2 ? 1024 : static_cast<std::uint32_t>(trees.number(16, kind == 0 ? 1024 : 102400)));
    one.services.push_back(trees.number(0, 3) == 0);
  }
  return one;
}

}  // namespace

TEST_CASE("a boosted cgroup beside a full neighbour gets the ceiling, however large its boost", "[guard]") {
  const auto tree = divided({hogs(100), hogs(100)}, 2);
  for (const std::uint32_t boost : {4096, 16384, 102400}) {
    const Boosts boosts = {boost, 1024};
    const auto guards = find_guards(tree, boosts, {false, false}, {0.75, 0});
    CHECK(guards.boosted * boost == Approx(3 * 1024).epsilon(2e-3));
    CHECK(guards.services == 1);
    CHECK(with(tree, boosts, {false, false}, guards).boosted == Approx(1.5).epsilon(1e-3));
  }
  CHECK(find_guards(tree, {2048, 1024}, {false, false}, kDefaults).boosted == 1);
}

TEST_CASE("who has more than the ceiling without a boost keeps it, and gets no more", "[guard]") {
  const auto tree = divided({hogs(900), hogs(100)}, 1);
  const auto guards = find_guards(tree, {4096, 1024}, {false, false}, kDefaults);
  CHECK(guards.factor(4096, false) * 4 == Approx(1));
  CHECK(with(tree, {4096, 1024}, {false, false}, guards).boosted == Approx(0.9));
}

TEST_CASE("what nobody else can use is not kept from the boosted", "[guard]") {
  const auto alone = divided({hogs(100)}, 2);
  CHECK(find_guards(alone, {102400}, {false}, {0.75, 0}).boosted == 1);
  // The neighbour wants a tenth of a CPU, and has it beside any boost.
  const auto modest = divided({hogs(100), hogs(100, 0.1)}, 2);
  const auto guards = find_guards(modest, {4096, 1024}, {false, false}, {0.75, 0});
  CHECK(guards.boosted == 1);
}

TEST_CASE("the services keep what they would have without boosts, up to the floor", "[guard]") {
  const auto tree = divided({hogs(100), hogs(100), hogs(100)}, 4);
  const Services services = {false, false, true};
  const Boosts boosts = {102400, 102400, 1024};
  const auto guards = find_guards(tree, boosts, services, {1, 0.1});
  CHECK(guards.boosted == 1);
  CHECK(guards.services == Approx(200.0 / 9).epsilon(2e-3));
  CHECK(with(tree, boosts, services, guards).services == Approx(0.4).epsilon(2e-3));

  const auto light = divided({hogs(100), hogs(1)}, 1);  // 1/101 of the CPU is less than a tenth
  const auto kept = find_guards(light, {102400, 1024}, {false, true}, {1, 0.1});
  CHECK(with(light, {102400, 1024}, {false, true}, kept).services == Approx(1.0 / 101).epsilon(2e-3));
}

TEST_CASE("a service that uses little has its floor when it wants it", "[guard]") {
  // One that runs a tenth of the time beside a boosted neighbour and ten plain ones, on two CPUs.
  std::vector<ShareNode> nodes(12, hogs(100));
  nodes[0].threads = 0.1;
  auto tree = divided(nodes, 2);
  Boosts boosts(12, 1024);
  boosts[1] = 102400;
  Services services(12);
  services[0] = true;
  const auto guards = find_guards(tree, boosts, services, kDefaults);
  CHECK(with(tree, boosts, services, guards).services == Approx(0.1));
  tree.nodes[0].threads = 4;
  CHECK(with(tree, boosts, services, guards).services == Approx(2.0 / 12).epsilon(0.01));  // as without boosts
}

TEST_CASE("while no service runs, a thread of the root cgroup has the floor", "[guard]") {
  const auto tree = divided({hogs(100)}, 1);
  const auto guards = find_guards(tree, {102400}, {false}, {1, 0.1});
  CHECK(guards.services == Approx(100.0 / 9).epsilon(2e-3));
}

TEST_CASE("a service with a policy of its own is governed by that", "[guard]") {
  Guards guards;
  guards.boosted = 0.5;
  guards.services = 7;
  CHECK(guards.factor(1024, true) == 7);
  CHECK(guards.factor(1023, true) == 1);
  CHECK(guards.factor(4096, true) == 0.5);
  CHECK(guards.factor(1024, false) == 1);
  CHECK(guards.factor(512, false) == 1);
  CHECK(guards.factor(1025, false) == Approx(1024.0 / 1025));  // a boost is never made less than none
  const auto tree = divided({hogs(100), hogs(100)}, 1);
  const auto found = find_guards(tree, {102400, 512}, {false, true}, {1, 0.1});
  CHECK(with(tree, {102400, 512}, {false, true}, found).services == 0);
  CHECK(found.factor(512, true) == 1);
}

TEST_CASE("what is below a service is one, and who is beside it is not", "[guard]") {
  const auto record = [](std::uint64_t id, std::uint64_t parent) {
    CgroupRecord out;
    out.id = CgroupId{id};
    out.parent = CgroupId{parent};
    return out;
  };
  const std::vector<CgroupRecord> records = {record(1, 0), record(2, 1), record(3, 2), record(4, 0), record(5, 4)};
  CHECK(find_services(records, {CgroupId{1}}) == Services{true, true, true, false, false});
  CHECK(find_services(records, {CgroupId{5}, CgroupId{99}}) == Services{false, false, false, false, true});
  CHECK(find_services(records, {}) == Services(5));
}

TEST_CASE("ceiling and floor hold in any tree with any boosts, and no boost is cut by more than that takes",
          "[guard]") {
  Trees trees(21);
  int cut = 0;
  int held = 0;
  for (int i = 0; i < 2000; ++i) {
    CAPTURE(i);
    const auto [tree, boosts, services] = random_case(trees);
    const auto guards = find_guards(tree, boosts, services, kDefaults);
    REQUIRE(guards.boosted <= 1);
    REQUIRE(guards.services >= 1);
    const auto base = without(tree, boosts, services);
    const auto now = with(tree, boosts, services, guards);
    const double ceiling = std::max(0.75 * tree.cpus, base.boosted);
    const double floor = std::min(0.1 * tree.cpus, base.services);
    if (base.all >= tree.cpus * (1 - 1e-7)) {
      REQUIRE(now.boosted <= ceiling * (1 + 1e-4) + 1e-9);
      REQUIRE(now.services >= floor * (1 - 1e-4) - 1e-9);
    }
    REQUIRE(now.boosted >= base.boosted * (1 - 1e-3) - 1e-9);  // as precise as the floor
    REQUIRE(now.all == Approx(base.all));
    if (guards.boosted < 1) {
      ++cut;
      REQUIRE(with(tree, boosts, services, {std::min(1.0, guards.boosted * 1.01), 1}).boosted > ceiling);
    }
    if (guards.services > 1 && base.services > 0) {
      ++held;
      const Guards less{guards.boosted, std::max(1.0, guards.services / 1.01)};
      const auto wanting = wanting_all(tree, boosts, services);
      const double floor_then = std::min(0.1 * tree.cpus, without(wanting, boosts, services).services);
      const bool real = with(tree, boosts, services, less).services < floor;
      REQUIRE((real || with(wanting, boosts, services, less).services < floor_then));
    }
  }
  CHECK(cut > 100);
  CHECK(held > 50);
}

TEST_CASE("without a boost, without contention, or turned off, nothing changes", "[guard]") {
  Trees trees(22);
  const auto nothing = [](const Guards& guards) { return guards.boosted == 1 && guards.services == 1; };
  for (int i = 0; i < 500; ++i) {
    CAPTURE(i);
    auto [tree, boosts, services] = random_case(trees);
    REQUIRE(nothing(find_guards(tree, none_boosted(boosts), services, kDefaults)));
    REQUIRE(nothing(find_guards(tree, boosts, services, kOff)));
    const auto idle = divided(tree.nodes, 1000);
    REQUIRE(nothing(find_guards(idle, boosts, services, kDefaults)));
  }
}
