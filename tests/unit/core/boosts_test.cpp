// SPDX-License-Identifier: Apache-2.0
#include "core/boosts.hpp"

#include <catch2/catch_test_macros.hpp>

#include "mus/abi.h"

using namespace mus;
using namespace std::chrono_literals;

namespace {

const TimePoint kStart{1000h};

Target pod(std::string name, std::string ns = {}, std::string container = {}) {
  Target target;
  target.pod = std::move(name);
  target.ns = std::move(ns);
  target.container = std::move(container);
  return target;
}

AppliedCgroup at(std::uint64_t id, std::string path = {}) {
  AppliedCgroup applied;
  applied.cgroup = {CgroupId{id}, path.empty() ? "/c" + std::to_string(id) : std::move(path)};
  return applied;
}

}  // namespace

TEST_CASE("a boost with an equal target is replaced whole and keeps its id", "[boosts]") {
  BoostTable table;
  const auto first = table.put(pod("redis"), 4096, 10s, {at(1)}, kStart);
  REQUIRE(first);
  CHECK(first->id == "b1");
  CHECK_FALSE(first->replaced);
  const auto second = table.put(pod("redis"), 2048, std::nullopt, {at(2)}, kStart);
  REQUIRE(second);
  CHECK(second->id == "b1");
  CHECK(second->replaced);
  CHECK(table.policies() == Policies{{CgroupId{2}, 2048}});
  CHECK(table.expire(kStart + 1h).empty());  // the ttl went with the first
  CHECK(table.put(pod("redis", "shop"), 2048, std::nullopt, {at(2)}, kStart)->id == "b2");
}

TEST_CASE("ids are not used twice", "[boosts]") {
  BoostTable table;
  CHECK(table.put(pod("a"), 4096, std::nullopt, {at(1)}, kStart)->id == "b1");
  CHECK(table.clear() == std::vector<std::string>{"b1"});
  CHECK(table.put(pod("a"), 4096, std::nullopt, {at(1)}, kStart)->id == "b2");
}

TEST_CASE("of two boosts on one cgroup the later wins, and its removal restores the earlier's weight", "[boosts]") {
  BoostTable table;
  REQUIRE(table.put(pod("redis"), 2048, std::nullopt, {at(1), at(2)}, kStart));
  REQUIRE(table.put(pod("", "shop"), 8192, std::nullopt, {at(2), at(3)}, kStart));
  CHECK(table.policies() == Policies{{CgroupId{1}, 2048}, {CgroupId{2}, 8192}, {CgroupId{3}, 8192}});
  const auto shown = table.view(kStart);
  CHECK(shown[0].weight == 2048);
  CHECK(shown[0].applied[1].weight == 8192);  // what stands in the map, not what this boost asked for
  SECTION("removal of the later") {
    CHECK(table.reset(pod("", "shop")) == std::vector<std::string>{"b2"});
    CHECK(table.policies() == Policies{{CgroupId{1}, 2048}, {CgroupId{2}, 2048}});
  }
  SECTION("removal of the earlier") {
    CHECK(table.reset(pod("redis")) == std::vector<std::string>{"b1"});
    CHECK(table.policies() == Policies{{CgroupId{2}, 8192}, {CgroupId{3}, 8192}});
  }
  SECTION("setting the earlier again makes it the later") {
    REQUIRE(table.put(pod("redis"), 512, std::nullopt, {at(1), at(2)}, kStart));
    CHECK(table.policies() == Policies{{CgroupId{1}, 512}, {CgroupId{2}, 512}, {CgroupId{3}, 8192}});
  }
}

TEST_CASE("of two boosts on one cgroup the later decides on its limit, too", "[boosts]") {
  BoostTable table;
  auto lifted = at(1);
  lifted.lifted_from = 3;
  REQUIRE(table.put(pod("redis"), 2048, std::nullopt, {lifted}, kStart, true));
  CHECK(table.policies() == Policies{{CgroupId{1}, {2048, 3}}});
  CHECK(table.view(kStart)[0].ignore_limit);
  CHECK(table.view(kStart)[0].applied[0].lifted_from == 3);

  REQUIRE(table.put(pod("", "shop"), 8192, std::nullopt, {at(1)}, kStart));
  CHECK(table.policies() == Policies{{CgroupId{1}, 8192}});
  CHECK(table.view(kStart)[0].ignore_limit);                 // asked for ...
  CHECK(table.view(kStart)[0].applied[0].lifted_from == 0);  // ... and not what stands in the map
  CHECK_FALSE(table.view(kStart)[1].ignore_limit);

  table.reset(pod("", "shop"));
  CHECK(table.policies() == Policies{{CgroupId{1}, {2048, 3}}});
  REQUIRE(table.put(pod("redis"), 2048, std::nullopt, {at(1)}, kStart));  // set again without
  CHECK(table.policies() == Policies{{CgroupId{1}, 2048}});
  CHECK_FALSE(table.view(kStart)[0].ignore_limit);
}

TEST_CASE("a ttl runs from when the boost was set, on the given clock", "[boosts]") {
  BoostTable table;
  REQUIRE(table.put(pod("a"), 4096, 1500ms, {at(1)}, kStart));
  REQUIRE(table.put(pod("b"), 4096, std::nullopt, {at(2)}, kStart));
  CHECK(table.view(kStart + 1s)[0].expires_in == 500ms);
  CHECK(table.expire(kStart + 1499ms).empty());
  CHECK(table.expire(kStart + 1500ms) == std::vector<std::string>{"b1"});
  CHECK(table.policies() == Policies{{CgroupId{2}, 4096}});
}

TEST_CASE("a reset removes what every given field agrees with", "[boosts]") {
  BoostTable table;
  const auto fill = [&] {
    table.clear();
    REQUIRE(table.put(pod("redis", "shop", "server"), 4096, std::nullopt, {at(1)}, kStart));
    REQUIRE(table.put(pod("redis", "test"), 4096, std::nullopt, {at(2)}, kStart));
    REQUIRE(table.put(pod("nginx", "shop"), 4096, std::nullopt, {at(3)}, kStart));
    Target unit;
    unit.kind = Target::Kind::unit;
    unit.unit = "redis.service";
    REQUIRE(table.put(unit, 4096, std::nullopt, {at(4)}, kStart));
  };
  const auto left_after = [&](const Target& wanted) {
    fill();
    table.reset(wanted);
    return table.size();
  };
  CHECK(left_after(pod("redis")) == 2);
  CHECK(left_after(pod("redis", "shop")) == 3);
  CHECK(left_after(pod("", "shop")) == 2);
  CHECK(left_after(pod("redis", "", "server")) == 3);
  CHECK(left_after(pod("redis", "other")) == 4);
  CHECK(left_after(pod("")) == 4);  // no field given matches nothing
  Target everything;
  everything.all = true;
  CHECK(left_after(everything) == 4);
  Target unit;
  unit.kind = Target::Kind::unit;
  unit.unit = "redis";
  CHECK(left_after(normalized(unit)) == 3);
}

TEST_CASE("targets are the same however they are spelled", "[boosts]") {
  Target target;
  target.kind = Target::Kind::cgroup;
  for (const auto* spelled : {"/a/b", "a/b", "/a/b/", "//a/b//"}) {
    target.cgroup = spelled;
    CHECK(normalized(target).cgroup == "/a/b");
  }
  for (const auto* root : {"", "/", "///"}) {
    target.cgroup = root;
    CHECK(normalized(target).cgroup == "/");
  }
  target.kind = Target::Kind::unit;
  for (const auto& [spelled, full] : {std::pair{"redis", "redis.service"},
                                      {"redis.service", "redis.service"},
                                      {"user.slice", "user.slice"},
                                      {"a.b", "a.b.service"},
                                      {".slice", ".slice.service"}}) {
    target.unit = spelled;
    CHECK(normalized(target).unit == full);
  }
}

TEST_CASE("a boost that lost its last cgroup says so and acts on nothing", "[boosts]") {
  BoostTable table;
  REQUIRE(table.put(pod("redis", "", "server"), 4096, std::nullopt, {at(1), at(2)}, kStart));
  table.forget({CgroupId{2}});
  CHECK(table.policies() == Policies{{CgroupId{1}, 4096}});
  CHECK(table.view(kStart)[0].pending.empty());
  table.forget({CgroupId{1}, CgroupId{9}});
  CHECK(table.policies().empty());
  CHECK(table.view(kStart)[0].applied.empty());
  CHECK(table.view(kStart)[0].pending == "the container is gone");
  REQUIRE(table.put(pod("redis", "", "server"), 4096, std::nullopt, {at(3)}, kStart));
  CHECK(table.view(kStart)[0].pending.empty());
}

TEST_CASE("while detached nothing is applied and every boost says why", "[boosts]") {
  BoostTable table;
  REQUIRE(table.put(pod("redis"), 4096, std::nullopt, {at(1)}, kStart));
  const auto boost = table.view("b1", kStart, "SysRq-S");
  REQUIRE(boost);
  CHECK(boost->applied.empty());
  CHECK(boost->pending == "SysRq-S");
  CHECK_FALSE(table.view("b7", kStart));
}

TEST_CASE("the table is bounded and a refused boost leaves it as it was", "[boosts]") {
  BoostTable table;
  for (std::size_t i = 0; i < BoostTable::kCapacity; ++i) {
    REQUIRE(table.put(pod("p" + std::to_string(i)), 4096, std::nullopt, {at(i)}, kStart));
  }
  const auto before = table.policies();
  const auto refused = table.put(pod("one-more"), 4096, std::nullopt, {at(5000)}, kStart);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::capacity);
  CHECK(table.policies() == before);
  CHECK(table.put(pod("p7"), 2048, std::nullopt, {at(7)}, kStart));  // replacing needs no room
}

TEST_CASE("the nearest boosted directory above gives the weight", "[boosts]") {
  BoostTable table;
  REQUIRE(table.put(pod("a"), 4096, std::nullopt, {at(1, "/kubepods/pod1")}, kStart));
  REQUIRE(table.put(pod("b"), MUS_WEIGHT_ONE, std::nullopt, {at(2, "/kubepods/pod1/c1")}, kStart));
  const auto weights = table.weights_by_path();
  CHECK(weight_of(weights, "/kubepods/pod1") == 4096);
  CHECK(weight_of(weights, "/kubepods/pod1/c2/x/y") == 4096);
  CHECK(weight_of(weights, "/kubepods/pod1/c1/x") == MUS_WEIGHT_ONE);
  CHECK(weight_of(weights, "/kubepods/pod11") == MUS_WEIGHT_ONE);
  CHECK(weight_of(weights, "/kubepods") == MUS_WEIGHT_ONE);
  CHECK(weight_of(weights, "/") == MUS_WEIGHT_ONE);
  CHECK(weight_of(weights, "") == MUS_WEIGHT_ONE);
}

TEST_CASE("changes turn one map into the other, removals first", "[boosts]") {
  const Policies from{{CgroupId{1}, 10}, {CgroupId{2}, 20}, {CgroupId{3}, 30}};
  const Policies to{{CgroupId{0}, 5}, {CgroupId{2}, 20}, {CgroupId{3}, 31}};
  CHECK(changes(from, to) ==
        std::vector<PolicyChange>{{CgroupId{1}, std::nullopt}, {CgroupId{0}, 5}, {CgroupId{3}, 31}});
  CHECK(changes(from, from).empty());
  CHECK(changes(from, {{CgroupId{1}, 10}, {CgroupId{2}, {20, 4}}, {CgroupId{3}, 30}}) ==
        std::vector<PolicyChange>{{CgroupId{2}, Policy{20, 4}}});
}
