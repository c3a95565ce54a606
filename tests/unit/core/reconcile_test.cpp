// SPDX-License-Identifier: Apache-2.0
#include "core/reconcile.hpp"

#include <catch2/catch_test_macros.hpp>

#include "core/boost_view.hpp"
#include "mus/abi.h"
#include "unit/core/desired_builders.hpp"

using namespace mus;
using namespace mus::test;
using namespace std::chrono_literals;

namespace {

// Boosts that act on what the test says.
struct Desk {
  DesiredState desired;
  Reaches reaches;

  std::uint64_t put(DesiredBoost boost, std::vector<AppliedCgroup> cgroups) {
    const auto put = desired.put(std::move(boost));
    REQUIRE(put);
    reaches[put->number] = reach_at(std::move(cgroups));
    return put->number;
  }
  [[nodiscard]] Policies wanted() const { return wanted_policies(desired, reaches).policies; }
  void erase(std::uint64_t number) {
    desired.erase({number});
    reaches.erase(number);
  }
};

AppliedCgroup lifted(std::uint64_t id, std::uint32_t from) {
  auto applied = at(id);
  applied.lifted_from = from;
  return applied;
}

}  // namespace

TEST_CASE("of two boosts on one cgroup the later wins, and its removal restores the earlier's weight", "[reconcile]") {
  Desk desk;
  desk.put(wish(pod_target("redis"), 2048), {at(1), at(2)});
  desk.put(wish(pod_target("", "shop"), 8192), {at(2), at(3)});
  CHECK(desk.wanted() == Policies{{CgroupId{1}, 2048}, {CgroupId{2}, 8192}, {CgroupId{3}, 8192}});
  SECTION("removal of the later") {
    desk.erase(2);
    CHECK(desk.wanted() == Policies{{CgroupId{1}, 2048}, {CgroupId{2}, 2048}});
  }
  SECTION("removal of the earlier") {
    desk.erase(1);
    CHECK(desk.wanted() == Policies{{CgroupId{2}, 8192}, {CgroupId{3}, 8192}});
  }
  SECTION("setting the earlier again makes it the later") {
    desk.put(wish(pod_target("redis"), 512), {at(1), at(2)});
    CHECK(desk.wanted() == Policies{{CgroupId{1}, 512}, {CgroupId{2}, 512}, {CgroupId{3}, 8192}});
  }
}

TEST_CASE("of two boosts on one cgroup the later decides on its limit, too, and both show what stands", "[reconcile]") {
  Desk desk;
  auto first = wish(pod_target("redis"), 2048);
  first.ignore_limit = true;
  desk.put(first, {lifted(1, 3)});
  CHECK(desk.wanted() == Policies{{CgroupId{1}, {2048, 3}}});
  desk.put(wish(pod_target("", "shop"), 8192), {at(1)});
  CHECK(desk.wanted() == Policies{{CgroupId{1}, 8192}});
  const auto shown = show_all(desk.desired, desk.reaches, {desk.wanted(), {}, {}}, kStart);
  CHECK(shown[0].ignore_limit);  // asked for ...
  CHECK(shown[0].weight == 2048);
  CHECK(shown[0].applied[0].lifted_from == 0);  // ... and not what stands in the map
  CHECK(shown[0].applied[0].weight == 8192);
  CHECK(shown[0].state == Boost::State::applied);
  desk.erase(2);
  CHECK(desk.wanted() == Policies{{CgroupId{1}, {2048, 3}}});
}

TEST_CASE("without a look only time does something", "[reconcile]") {
  Desk desk;
  auto ends = wish(pod_target("a"));
  ends.expires = kStart + 10s;
  desk.put(ends, {at(1)});
  desk.put(wish(pod_target("b")), {at(2)});
  const Policies map{{CgroupId{1}, 4096}, {CgroupId{2}, 4096}};
  CHECK(reconcile(desk.desired, desk.reaches, nullptr, map, kStart + 9s).changes.empty());
  const auto over = reconcile(desk.desired, desk.reaches, nullptr, map, kStart + 10s);
  REQUIRE(over.endings.size() == 1);
  CHECK(over.endings[0].number == 1);
  CHECK(over.endings[0].expired);
  CHECK(over.changes == std::vector<PolicyChange>{{CgroupId{1}, std::nullopt}});
  CHECK(over.reaches.size() == 1);
}

TEST_CASE("after an ejection the empty map is filled with what is wanted", "[reconcile]") {
  Desk desk;
  desk.put(wish(pod_target("a")), {at(1), at(2)});
  const auto refill = reconcile(desk.desired, desk.reaches, nullptr, {}, kStart);
  CHECK(refill.changes.size() == 2);
}

TEST_CASE("a boost by uid ends with its pod, which takes a whole list that is newer and no directory", "[reconcile]") {
  DesiredState desired;
  Target target;
  target.uid = "aa";
  REQUIRE(desired.put(wish(target)));
  SmallNode node;
  const auto ended = [&] { return reconcile(desired, {}, &node.told(), {}, kStart + 5s).endings.size() == 1; };
  CHECK(ended());
  SECTION("its directory is there") {
    node.directory("aa", {"c1"});
    CHECK_FALSE(ended());
  }
  SECTION("of its directories an empty one is left") {
    node.directory("aa");
    CHECK(ended());
  }
  SECTION("the list has it") {
    node.list.pods = {listed_pod("shop", "redis", "aa")};
    CHECK_FALSE(ended());
  }
  SECTION("the list has it by its config hash") {
    node.list.pods = {listed_pod("shop", "redis", "other")};
    node.list.pods[0].config_hash = "aa";
    CHECK_FALSE(ended());
  }
  SECTION("the list is not whole") {
    node.list.incomplete = "a file is damaged";
    CHECK_FALSE(ended());
  }
  SECTION("the list is older than the boost") {
    node.list.fetched_at = kStart;
    CHECK_FALSE(ended());
  }
  SECTION("there is no list") {
    node.view.list.reset();
    CHECK(reconcile(desired, {}, &node.view, {}, kStart).endings.empty());
  }
  SECTION("without the uid it waits for the next of that name") {
    DesiredState by_name;
    REQUIRE(by_name.put(wish(pod_target("redis"))));
    CHECK(reconcile(by_name, {}, &node.told(), {}, kStart + 5s).endings.empty());
  }
}

TEST_CASE("what was found after the look began is newer than the look", "[reconcile]") {
  Desk desk;
  desk.put(wish(pod_target("redis")), {at(7)});
  desk.reaches[1].look = 5;
  SmallNode node;
  node.view.look = 4;
  CHECK(ids_of(reconcile(desk.desired, desk.reaches, &node.told(), {}, kStart).reaches.at(1)) ==
        std::vector<std::uint64_t>{7});
  node.view.look = 6;
  CHECK(reconcile(desk.desired, desk.reaches, &node.told(), {}, kStart).reaches.at(1).cgroups.empty());
}

TEST_CASE("a full map has room for those who came first, and says so to the others", "[reconcile]") {
  Desk desk;
  std::vector<AppliedCgroup> many;
  for (std::uint64_t id = 1; id < MUS_MAX_POLICIES; ++id) many.push_back(at(id));
  desk.put(wish(pod_target("a"), 2048), many);
  desk.put(wish(pod_target("b"), 8192), {at(1), at(5000), at(5001)});
  const auto wanted = wanted_policies(desk.desired, desk.reaches);
  CHECK(wanted.policies.size() == MUS_MAX_POLICIES);
  CHECK(wanted.policies.at(CgroupId{1}) == Policy{8192});
  CHECK(wanted.policies.contains(CgroupId{5000}));
  CHECK(wanted.left_out == std::set<CgroupId>{CgroupId{5001}});
  const auto shown = show_all(desk.desired, desk.reaches, {wanted.policies, {}, {}}, kStart);
  CHECK(shown[1].state == Boost::State::pending);
  CHECK(shown[1].applied.size() == 2);
  CHECK(shown[1].pending == "1 of 3 cgroups: the scheduler's map is full, 1024 cgroups are boosted");
  desk.erase(1);
  CHECK(desk.wanted().size() == 3);
}

TEST_CASE("while the scheduler is off nothing is applied, and every boost says why", "[reconcile]") {
  Desk desk;
  desk.put(wish(pod_target("redis")), {at(1)});
  desk.put(wish(pod_target("nginx")), {});
  desk.reaches[2].pending = "it is starting";
  const auto shown = show_all(desk.desired, desk.reaches, {desk.wanted(), "SysRq-S", {}}, kStart);
  CHECK(shown[0].applied.empty());
  CHECK(shown[0].pending == "SysRq-S");
  CHECK(shown[0].state == Boost::State::pending);
  CHECK(shown[1].pending == "it is starting");
  CHECK(weights_by_path(desk.reaches, {desk.wanted(), "SysRq-S", {}}).empty());
  CHECK(weights_by_path(desk.reaches, {desk.wanted(), {}, {}}) == PathWeights{{"/c1", 4096}});
}

TEST_CASE("a change of the map that failed is told with the boost", "[reconcile]") {
  Desk desk;
  desk.put(wish(pod_target("redis")), {at(1)});
  const auto shown = show_all(desk.desired, desk.reaches, {{}, {}, "it cannot be applied: no memory"}, kStart);
  CHECK(shown[0].pending == "it cannot be applied: no memory");
}

TEST_CASE("boosts that are over are shown for some minutes, and a bounded number of them", "[reconcile]") {
  EndedBoosts ended;
  Boost boost;
  boost.id = "b1";
  boost.state = Boost::State::applied;
  boost.expires_in = 5s;
  ended.add(boost, true, "its time is up", kStart);
  REQUIRE(ended.view(kStart + 5min).size() == 1);
  CHECK(ended.view(kStart)[0].state == Boost::State::expired);
  CHECK(ended.view(kStart)[0].pending == "its time is up");
  CHECK(ended.view(kStart)[0].expires_in == 0ms);
  CHECK(ended.view(kStart + 5min + 1ms).empty());
  for (std::size_t i = 0; i < EndedBoosts::kMost + 5; ++i) {
    boost.id = "b" + std::to_string(i);
    ended.add(boost, false, "gone", kStart + 6min);
  }
  const auto shown = ended.view(kStart + 6min);
  CHECK(shown.size() == EndedBoosts::kMost);
  CHECK(shown.front().id == "b5");
  CHECK(shown.back().state == Boost::State::ended);
}
