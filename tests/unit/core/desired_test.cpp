// SPDX-License-Identifier: Apache-2.0
#include "core/desired.hpp"

#include <catch2/catch_test_macros.hpp>

#include "unit/core/desired_builders.hpp"

using namespace mus;
using namespace mus::test;
using namespace std::chrono_literals;

TEST_CASE("a boost with an equal target is replaced whole, keeps its number and becomes the latest", "[desired]") {
  DesiredState desired;
  auto first = wish(pod_target("redis"));
  first.ttl = 10s;
  first.expires = kStart + 10s;
  REQUIRE(desired.put(first)->number == 1);
  REQUIRE(desired.put(wish(pod_target("redis", "shop")))->number == 2);
  const auto again = desired.put(wish(pod_target("redis"), 2048));
  REQUIRE(again);
  CHECK(again->number == 1);
  CHECK(again->replaced);
  CHECK(desired.size() == 2);
  CHECK(desired.boosts().back().number == 1);
  CHECK(desired.boosts().back().weight == 2048);
  CHECK_FALSE(desired.any_expired(kStart + 1h));  // the ttl went with the first
}

TEST_CASE("numbers are not given twice, and every change makes a new version", "[desired]") {
  DesiredState desired;
  CHECK(desired.put(wish(pod_target("a")))->number == 1);
  const auto version = desired.version();
  desired.erase(desired.all());
  CHECK(desired.version() > version);
  CHECK(desired.put(wish(pod_target("a")))->number == 2);
  const auto later = desired.version();
  desired.erase({77});
  CHECK(desired.version() == later);  // nothing was changed
}

TEST_CASE("a boost that is put under a number has it, and the next has another", "[desired]") {
  DesiredState desired;
  auto boost = wish(pod_target("a"));
  boost.number = 7;
  CHECK(desired.put(boost)->number == 7);
  CHECK(desired.put(wish(pod_target("b")))->number == 8);
}

TEST_CASE("the table is bounded, and a refused boost leaves it as it was", "[desired]") {
  DesiredState desired;
  for (std::size_t i = 0; i < DesiredState::kCapacity; ++i) {
    REQUIRE(desired.put(wish(pod_target("p" + std::to_string(i)))));
  }
  const auto version = desired.version();
  const auto refused = desired.put(wish(pod_target("one-more")));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::capacity);
  CHECK(desired.version() == version);
  CHECK(desired.put(wish(pod_target("p7"), 2048)));  // replacing needs no room
}

TEST_CASE("a ttl runs from when the boost was set, on the given clock", "[desired]") {
  DesiredState desired;
  auto boost = wish(pod_target("a"));
  boost.expires = kStart + 1500ms;
  REQUIRE(desired.put(boost));
  REQUIRE(desired.put(wish(pod_target("b"))));
  CHECK_FALSE(desired.any_expired(kStart + 1499ms));
  CHECK(desired.any_expired(kStart + 1500ms));
}

TEST_CASE("what matches is what every given field agrees with", "[desired]") {
  DesiredState desired;
  REQUIRE(desired.put(wish(pod_target("redis", "shop", "server"))));
  REQUIRE(desired.put(wish(pod_target("redis", "test"))));
  REQUIRE(desired.put(wish(pod_target("nginx", "shop"))));
  Target unit;
  unit.kind = Target::Kind::unit;
  unit.unit = "redis.service";
  REQUIRE(desired.put(wish(unit)));
  CHECK(desired.matching(pod_target("redis")) == BoostNumbers{1, 2});
  CHECK(desired.matching(pod_target("redis", "shop")) == BoostNumbers{1});
  CHECK(desired.matching(pod_target("", "shop")) == BoostNumbers{1, 3});
  CHECK(desired.matching(pod_target("redis", "", "server")) == BoostNumbers{1});
  CHECK(desired.matching(pod_target("redis", "other")).empty());
  CHECK(desired.matching(pod_target("")).empty());  // no field given matches nothing
  Target everything;
  everything.all = true;
  CHECK(desired.matching(everything).empty());
  unit.unit = "redis";
  CHECK(desired.matching(normalized(unit)) == BoostNumbers{4});
}

TEST_CASE("a cgroup that a process named is the same cgroup, and is found by that process", "[desired]") {
  DesiredState desired;
  auto by_process = cgroup_target("/a");
  by_process.pid = 42;
  REQUIRE(desired.put(wish(by_process)));
  Target process;
  process.kind = Target::Kind::pid;
  process.pid = 42;
  CHECK(desired.matching(process) == BoostNumbers{1});
  CHECK(desired.matching(cgroup_target("/a")) == BoostNumbers{1});
  process.pid = 43;
  CHECK(desired.matching(process).empty());
  CHECK(desired.put(wish(cgroup_target("/a")))->replaced);
  process.pid = 0;
  CHECK(desired.matching(process).empty());
}

TEST_CASE("targets are the same however they are spelled", "[desired]") {
  for (const auto* spelled : {"/a/b", "a/b", "/a/b/", "//a/b//"}) {
    CHECK(normalized(cgroup_target(spelled)).cgroup == "/a/b");
  }
  for (const auto* root : {"", "/", "///"}) CHECK(normalized(cgroup_target(root)).cgroup == "/");
  Target target;
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
