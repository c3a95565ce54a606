// SPDX-License-Identifier: Apache-2.0
#include "core/rule_engine.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <utility>

#include "unit/core/rule_world.hpp"

namespace mus {
namespace {

using namespace std::chrono_literals;
using State = RuledSubject::State;
using World = test::RuleWorld;

TEST_CASE("a boost begins with its condition, and its event says why in figures") {
  World world({"redis"});
  world.rules.rules = {World::rule("asked", "redis")};
  world.match();
  world.packets["redis"] = 50;
  world.pass(3);
  CHECK(world.weight_of("redis") == 1024);
  world.packets["redis"] = 1500;
  world.pass();
  CHECK(world.weight_of("redis") == 4096);
  REQUIRE(world.events.size() == 1);
  CHECK(world.events[0].kind == EventKind::rule_fired);
  CHECK(world.events[0].message == "rule asked: shop/redis gets weight 4096: received_packets is 1500/s, above 100/s");
  CHECK(world.events[0].subject.boost == "r1");
  CHECK(world.shown().state == State::acting);
  CHECK(world.engine.states()[0].fired == 1);
}

TEST_CASE("a condition has to hold for as long as the rule says, without a break") {
  World world({"redis"});
  auto rule = World::rule("asked", "redis");
  rule.when->lasting = 3s;
  world.rules.rules = {rule};
  world.match();
  world.packets["redis"] = 500;
  world.pass(3);
  CHECK(world.shown().state == State::waiting);
  world.packets["redis"] = 50;
  world.pass();
  world.packets["redis"] = 500;
  world.pass(3);
  CHECK(world.weight_of("redis") == 1024);
  world.pass();
  CHECK(world.weight_of("redis") == 4096);
}

TEST_CASE("it ends when until has held for long enough, and begins again only after the cool-down") {
  World world({"redis"});
  world.rules.rules = {World::rule("asked", "redis")};
  world.match();
  world.packets["redis"] = 500;
  world.pass();
  world.packets["redis"] = 50;
  world.pass(2);
  CHECK(world.weight_of("redis") == 4096);
  world.packets["redis"] = 500;  // a break of the calm
  world.pass();
  world.packets["redis"] = 50;
  world.pass(3);
  CHECK(world.weight_of("redis") == 1024);
  CHECK(world.count(EventKind::rule_released) == 1);
  world.packets["redis"] = 500;
  world.pass(4);
  CHECK(world.weight_of("redis") == 1024);
  CHECK(world.shown().state == State::cooling);
  world.pass(2);
  CHECK(world.weight_of("redis") == 4096);
}

TEST_CASE("a load that goes to and fro over the threshold every second makes one change") {
  World world({"redis"});
  world.rules.rules = {World::rule("asked", "redis")};
  world.match();
  for (int i = 0; i < 30; ++i) {
    world.packets["redis"] = i % 2 == 0 ? 110 : 90;
    world.pass();
  }
  CHECK(world.events.size() == 1);
}

TEST_CASE("a signal that is not known any more is no reason to begin, nor to go on") {
  World world({"redis"});
  world.rules.rules = {World::rule("asked", "redis")};
  world.match();
  world.pass(3);
  CHECK(world.weight_of("redis") == 1024);
  world.packets["redis"] = 500;
  world.pass();
  world.packets.clear();
  world.pass(3);
  CHECK(world.weight_of("redis") == 1024);
}

TEST_CASE("a boost with a ttl ends with it, whatever the condition") {
  World world({"redis"});
  auto rule = World::rule("asked", "redis");
  rule.ttl = 4s;
  world.rules.rules = {rule};
  world.match();
  world.packets["redis"] = 500;
  world.pass(4);
  CHECK(world.weight_of("redis") == 4096);
  CHECK(world.last.boosts.at(0).ends == world.now + 1s);
  world.pass(2);
  CHECK(world.weight_of("redis") == 1024);
}

TEST_CASE("who was named by somebody is left to that, and the rule comes back after it") {
  World world({"redis"});
  world.rules.rules = {World::rule("asked", "redis")};
  world.match();
  world.packets["redis"] = 500;
  world.pass();
  world.claims["redis"] = "b3";
  world.pass();
  CHECK(world.last.boosts.empty());
  CHECK(world.shown().state == State::held);
  CHECK(world.shown().why == "boost b3 is before all rules");
  world.claims.clear();
  world.pass();
  CHECK(world.weight_of("redis") == 4096);
}

TEST_CASE("of two rules about the same the first counts, at and below it") {
  World world({"redis"});
  world.rules.rules = {World::rule("first", "redis", 2048), World::rule("second", "redis", 8192)};
  world.match();
  world.packets["redis"] = 500;
  world.pass(3);
  CHECK(world.weight_of("redis") == 2048);
  CHECK(world.shown(1).why == "rule first comes before it");
  CHECK(world.count(EventKind::rule_held) == 1);
}

TEST_CASE("rules set no more boosts at once than they may, the first ones") {
  World world({"a", "b", "c"});
  world.rules.rules = {World::rule("all", "*")};
  world.rules.most_boosts = 2;
  world.match();
  world.packets = {{"a", 500}, {"b", 500}, {"c", 500}};
  world.pass();
  CHECK(world.last.boosts.size() == 2);
  CHECK(world.weight_of("c") == 1024);
  world.packets["a"] = 0;
  world.pass(4);
  CHECK(world.weight_of("c") == 4096);
}

TEST_CASE("boosts that would be entitled to too much together do not begin; demotions do") {
  World world({"a", "b", "c"});
  world.rules.rules = {World::rule("all", "?"), World::rule("down", "c", 64)};
  world.rules.most_share = 0.6;  // each is entitled to a half with 4096
  world.match();
  world.packets = {{"a", 500}, {"b", 500}, {"c", 500}};
  world.pass(2);
  CHECK(world.weight_of("a") == 4096);
  CHECK(world.weight_of("b") == 1024);
  CHECK(world.shown(0, 1).why == "rules' boosts would be entitled to more than 60 % of the node");
  CHECK(world.weight_of("c") == 64);
}

TEST_CASE("a rule in a dry run says what it would do, and nothing comes of it") {
  World world({"redis"});
  auto rule = World::rule("asked", "redis");
  rule.dry_run = true;
  world.rules.rules = {rule, World::rule("real", "redis", 2048)};
  world.match();
  world.packets["redis"] = 500;
  world.pass(2);
  CHECK(world.weight_of("redis") == 2048);
  CHECK(world.shown().state == State::acting);
  CHECK(world.events.at(0).message.find("rule asked (dry run): shop/redis gets weight 4096") == 0);
  CHECK(world.events.at(0).subject.boost.empty());
}

TEST_CASE("a condition on others acts on those that the rule is about") {
  World world({"batch", "web-1", "web-2"});
  auto rule = World::rule("yield", "batch", 64);
  rule.when->of = Selector{};
  rule.when->of->pod = "web-*";
  world.rules.rules = {rule};
  world.match();
  world.packets = {{"batch", 5000}, {"web-1", 10}, {"web-2", 20}};
  world.pass(2);
  CHECK(world.weight_of("batch") == 1024);
  world.packets["web-2"] = 300;
  world.pass();
  CHECK(world.weight_of("batch") == 64);
}

TEST_CASE("a container that is restarted keeps its boost, a pod that is gone does not") {
  World world({"a", "b"});
  world.rules.rules = {World::rule("all", "*")};
  world.match();
  world.packets = {{"a", 500}, {"b", 500}};
  world.pass();
  world.pods = {"b"};
  world.match();
  CHECK(world.count(EventKind::rule_released) == 1);
  world.pass();
  CHECK(world.last.boosts.size() == 1);
  CHECK(world.weight_of("b") == 4096);
  CHECK(world.count(EventKind::rule_fired) == 2);
}

TEST_CASE("a rule that stays as it is goes on when others are changed; one that is changed begins anew") {
  World world({"a", "b"});
  world.rules.rules = {World::rule("one", "a"), World::rule("two", "b")};
  world.match();
  world.packets = {{"a", 500}, {"b", 500}};
  world.pass();
  world.rules.rules = {World::rule("new", "x"), World::rule("two", "b", 2048), World::rule("one", "a")};
  world.match();
  CHECK(world.count(EventKind::rule_released) == 1);
  world.pass();
  CHECK(world.count(EventKind::rule_fired) == 3);
  CHECK(world.weight_of("b") == 2048);
}

TEST_CASE("the kill switch takes all back at once") {
  World world({"a", "b"});
  world.rules.rules = {World::rule("all", "*")};
  world.match();
  world.packets = {{"a", 500}, {"b", 500}};
  world.pass();
  world.take(world.engine.release("rules are paused"));
  CHECK(world.count(EventKind::rule_released) == 2);
  CHECK(world.engine.states().empty());
}

TEST_CASE("a target's weight rises while its bound is broken, above 1024 from the start, and falls when it holds") {
  World world({"web"});
  world.rules.rules = {World::target("web", "web")};
  world.match();
  world.uses["web"] = 0.3;
  world.wait_long("web", 0);
  world.pass();
  CHECK(world.weight_of("web") == 1100);
  world.uses["web"] = 0.4;
  world.wait_long("web", 30);
  world.pass();
  const auto caught = world.weight_of("web");
  CHECK(caught > 2000);
  CHECK(world.shown().state == State::unmet);
  CHECK(world.count(EventKind::target_unmet) == 1);
  for (int i = 0; i < 4; ++i) {
    world.wait_long("web", 0);
    world.pass();
  }
  CHECK(world.weight_of("web") < caught);
  CHECK(world.weight_of("web") > 1100);
  CHECK(world.count(EventKind::target_met) == 1);
}

TEST_CASE("two targets that want more than there is say so, weigh alike and stay below the highest weight") {
  World world({"left", "right"});
  world.part = 0.1;
  world.rules.rules = {World::target("left", "left"), World::target("right", "right")};
  world.match();
  world.uses = {{"left", 0.9}, {"right", 0.9}};
  for (int i = 0; i < 20; ++i) {
    for (const auto* pod : {"left", "right"}) world.wait_long(pod, 100);
    world.pass();
  }
  CHECK(world.weight_of("left") == world.weight_of("right"));
  CHECK(world.weight_of("left") < 102400);
  CHECK(world.shown(0).state == State::unreachable);
  CHECK(world.shown(1).state == State::unreachable);
  CHECK(world.shown(1).why.find("several targets together") != std::string::npos);
}

TEST_CASE("a target keeps to its own highest weight, and says that it is not enough") {
  World world({"web"});
  auto rule = World::target("web", "web");
  rule.target->max = 1500;
  world.rules.rules = {rule};
  world.match();
  world.uses["web"] = 0.9;
  for (int i = 0; i < 5; ++i) {
    world.wait_long("web", 100);
    world.pass();
  }
  CHECK(world.weight_of("web") == 1500);
  CHECK(world.shown().state == State::unreachable);
}

}  // namespace
}  // namespace mus
