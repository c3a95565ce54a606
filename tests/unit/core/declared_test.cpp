// SPDX-License-Identifier: Apache-2.0
// What pods may declare, and what becomes of it.
#include "core/declared.hpp"

#include <catch2/catch_test_macros.hpp>

#include "unit/core/desired_builders.hpp"

using namespace mus;
using namespace mus::test;
using namespace std::chrono_literals;

namespace {

const DeclarationRules kShop{{"shop"}, 8192};

Pod declaring(std::map<std::string, std::string> declared, const std::string& ns = "shop") {
  auto pod = listed_pod(ns, "redis", "aa", {{"server", "c1"}, {"proxy", "c2"}});
  pod.declared = std::move(declared);
  return pod;
}

PodList list_of(Pod pod) {
  PodList list;
  list.pods.push_back(std::move(pod));
  return list;
}

Declarations read(std::map<std::string, std::string> declared, const std::string& ns = "shop") {
  return read_declarations(list_of(declaring(std::move(declared), ns)), kShop);
}

std::string refusal_of(std::map<std::string, std::string> declared, const std::string& ns = "shop") {
  const auto all = read(std::move(declared), ns);
  REQUIRE(all.refused.size() == 1);
  CHECK(all.refused[0].pod == "redis");
  return all.refused[0].why;
}

Adopted adopt_from(const DesiredState& desired, std::map<std::string, std::string> declared, TimePoint now = kStart) {
  const auto list = list_of(declaring(std::move(declared)));
  return adopt(desired, list, read_declarations(list, kShop), now);
}

}  // namespace

TEST_CASE("a pod declares a weight for itself, and others for its containers", "[declared]") {
  const auto all = read({{"weight", "2048"}, {"weight.proxy", "512"}, {"ttl", "15m"}});
  CHECK(all.refused.empty());
  REQUIRE(all.wanted.size() == 2);
  CHECK(all.wanted[0].target.uid == "aa");
  CHECK(all.wanted[0].target.container.empty());
  CHECK(all.wanted[0].weight == 2048);
  CHECK(all.wanted[0].ttl == 15min);
  CHECK(all.wanted[1].target.container == "proxy");
  CHECK(all.wanted[1].weight == 512);
}

TEST_CASE("without leave nobody declares anything, and only in the namespaces that have it", "[declared]") {
  const auto list = list_of(declaring({{"weight", "2048"}}));
  const auto none = read_declarations(list, {});
  CHECK(none.wanted.empty());
  CHECK(none.refused.empty());
  CHECK(read_declarations(list, {{"test", "*"}, 4096}).wanted.size() == 1);
  CHECK(refusal_of({{"weight", "2048"}}, "test") == "boosts may not be declared in namespace test");
}

TEST_CASE("what is no weight, time or container of the pod's is refused, and says why without repeating it",
          "[declared]") {
  for (const auto* weight : {"", "15", "102401", "-1", "4096 ", "4e3", "\x1b[2J", "99999999999999999999"}) {
    CHECK(refusal_of({{"weight", weight}}) == "the declared weight is none from 16 to 102400");
  }
  CHECK(refusal_of({{"weight", "8193"}}) == "the declared weight 8193 is above the ceiling of 8192");
  CHECK(refusal_of({{"weight.db", "2048"}}) == "a weight is declared for a container that the pod does not have");
  CHECK(refusal_of({{"weight", "2048"}, {"ttl", "soon"}}).find("no time") != std::string::npos);
  CHECK(refusal_of({{"weight", "2048"}, {"ttl", "31d"}}).find("no time") != std::string::npos);
  CHECK(refusal_of({{"ttl", "15m"}}) == "mus-scheduler.io/ttl says nothing without a weight");
  CHECK(refusal_of({{"wieght", "2048"}}).find("neither") != std::string::npos);
}

TEST_CASE("one bad value does not take the others along", "[declared]") {
  const auto all = read({{"weight", "2048"}, {"weight.proxy", "lots"}});
  CHECK(all.wanted.size() == 1);
  CHECK(all.refused.size() == 1);
}

TEST_CASE("a declared boost is taken over once, changed with its annotation and taken back with it", "[declared]") {
  const auto first = adopt_from({}, {{"weight", "2048"}});
  REQUIRE(first.set.size() == 1);
  CHECK(first.desired.find(first.set[0])->declared);
  const auto again = adopt_from(first.desired, {{"weight", "2048"}}, kStart + 1h);
  CHECK(again.set.empty());
  CHECK(again.desired.version() == first.desired.version());
  const auto more = adopt_from(first.desired, {{"weight", "4096"}});
  CHECK(more.set == first.set);
  CHECK(more.desired.find(more.set[0])->weight == 4096);
  const auto none = adopt_from(more.desired, {});
  CHECK(none.desired.size() == 0);
  REQUIRE(none.taken_back.size() == 1);
  CHECK(none.taken_back[0].second == "the pod does not declare it any more");
}

TEST_CASE("a pod that the list does not have keeps what it has declared", "[declared]") {
  const auto first = adopt_from({}, {{"weight", "2048"}});
  CHECK(adopt(first.desired, {}, {}, kStart).desired.size() == 1);
}

TEST_CASE("the time of a declared boost does not begin anew, unless another is declared", "[declared]") {
  auto state = adopt_from({}, {{"weight", "2048"}, {"ttl", "10m"}}).desired;
  CHECK(state.any_expired(kStart + 10min));
  state.spend(1);
  CHECK_FALSE(state.any_expired(kStart + 10min));
  state = adopt_from(state, {{"weight", "2048"}, {"ttl", "10m"}}, kStart + 11min).desired;
  CHECK(state.find(1)->spent);
  state = adopt_from(state, {{"weight", "2048"}, {"ttl", "20m"}}, kStart + 12min).desired;
  CHECK_FALSE(state.find(1)->spent);
  CHECK(state.find(1)->expires == kStart + 32min);
}

TEST_CASE("what was asked for counts more than what is declared, whichever came first", "[declared]") {
  DesiredState asked;
  REQUIRE(asked.put(wish(pod_target("redis", "shop"), 1024)));
  const auto both = adopt_from(asked, {{"weight", "2048"}}).desired;
  REQUIRE(both.size() == 2);
  const auto wanted = wanted_policies(both, {{1, reach_at({at(7)})}, {2, reach_at({at(7)})}});
  CHECK(wanted.policies == Policies{{CgroupId{7}, 1024}});
}

TEST_CASE("declared boosts are not among those that callers take back, and take no room from them", "[declared]") {
  auto state = adopt_from({}, {{"weight", "2048"}}).desired;
  CHECK(state.all().empty());
  CHECK(state.matching(pod_target("redis")).empty());
  CHECK(state.any_declared(pod_target("redis")));
  for (std::size_t i = 0; i < DesiredState::kCapacity; ++i) {
    REQUIRE(state.put(wish(cgroup_target("/c" + std::to_string(i)))));
  }
  CHECK_FALSE(state.put(wish(cgroup_target("/one-more"))));
  CHECK(state.boosts().front().declared);
}
