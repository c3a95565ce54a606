// SPDX-License-Identifier: Apache-2.0
// cpu.max: who may lift it, from where, for how long, and what is told of it.
#include <catch2/catch_test_macros.hpp>

#include "unit/daemon/fakes.hpp"

using namespace mus;
using namespace mus::test;
using namespace std::chrono_literals;

namespace {

// A node whose operator lets limits be lifted.
struct LenientNode : Node {
  MusService lenient{scheduler, pods, tree, {true, "6.18.0-test", {}, [this] { return now; }, true}};
  LenientNode() { REQUIRE(lenient.start()); }

  ServiceResult<PrioritizeReply> lift(PrioritizeRequest request) {
    request.ignore_limit = true;
    return lenient.prioritize(request);
  }
};

}  // namespace

TEST_CASE("without --allow-ignore-limit lifting a limit is forbidden, and the answer says how to allow it",
          "[service][limits]") {
  Node node;
  auto request = boost("nginx");
  request.ignore_limit = true;
  for (const bool dry_run : {false, true}) {
    request.dry_run = dry_run;
    const auto refused = node.service.prioritize(request);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().error.code == Errc::forbidden);
    CHECK(refused.error().error.advice.find("--allow-ignore-limit") != std::string::npos);
  }
  CHECK(node.map().empty());
  CHECK(node.service.boosts().empty());
}

TEST_CASE("a pod's limits are lifted from its own directory down, whether the pod or a container is the target",
          "[service][limits]") {
  LenientNode node;
  REQUIRE(node.lift(boost("nginx")));
  CHECK(node.map() == Policies{{node.id("/kubepods/podcc"), {4096, 2}}});
  const auto reply = node.lift(boost_container("nginx", "server"));
  REQUIRE(reply);
  CHECK(reply->boost.ignore_limit);
  CHECK(reply->boost.applied.at(0).lifted_from == 2);
  CHECK(node.map() == Policies{{node.id("/kubepods/podcc"), {4096, 2}}, {node.id("/kubepods/podcc/c1cc"), {4096, 2}}});
}

TEST_CASE("a cgroup, unit or process lifts its own directory's limit and none above", "[service][limits]") {
  LenientNode node;
  const auto id = node.tree.add("/system.slice/redis.service/worker");
  node.tree.processes[43] = "/system.slice/redis.service/worker";
  PrioritizeRequest request;
  SECTION("cgroup") {
    request = boost_cgroup("/system.slice/redis.service/worker");
  }
  SECTION("pid") {
    request.target.kind = Target::Kind::pid;
    request.target.pid = 43;
  }
  REQUIRE(node.lift(request));
  CHECK(node.map() == Policies{{id, {4096, 3}}});

  PrioritizeRequest unit;
  unit.target.kind = Target::Kind::unit;
  unit.target.unit = "redis";
  REQUIRE(node.lift(unit));
  CHECK(node.map().at(node.id("/system.slice/redis.service")) == Policy{4096, 2});
}

TEST_CASE("a boost that does not ask for it leaves limits alone, also where they may be lifted", "[service][limits]") {
  LenientNode node;
  const auto reply = node.lenient.prioritize(boost("nginx"));
  REQUIRE(reply);
  CHECK_FALSE(reply->boost.ignore_limit);
  CHECK(reply->boost.applied.at(0).lifted_from == 0);
  CHECK(node.map() == Policies{{node.id("/kubepods/podcc"), 4096}});
}

TEST_CASE("a lifted limit ends with its boost, or when the boost is set again without it", "[service][limits]") {
  LenientNode node;
  const auto id = node.id("/kubepods/podcc");
  auto request = boost("nginx");
  request.ttl = 10s;
  REQUIRE(node.lift(request));
  CHECK(node.map().at(id).lifted_from == 2);
  SECTION("the ttl ends") {
    node.now += 10s;
    node.lenient.tick();
    CHECK(node.map().empty());
  }
  SECTION("it is taken back") {
    REQUIRE(node.lenient.reset(request.target));
    CHECK(node.map().empty());
  }
  SECTION("it is set again without") {
    REQUIRE(node.lenient.prioritize(request));
    CHECK(node.map() == Policies{{id, 4096}});
  }
}

TEST_CASE("a dry run says that a limit would be lifted and lifts none", "[service][limits]") {
  LenientNode node;
  auto request = boost("nginx");
  request.dry_run = true;
  const auto reply = node.lift(request);
  REQUIRE(reply);
  CHECK(reply->boost.ignore_limit);
  CHECK(reply->boost.applied.at(0).lifted_from == 2);
  CHECK(node.map().empty());
}

TEST_CASE("where the levels of the tree cannot be told no limit is lifted, and boosts go on", "[service][limits]") {
  LenientNode node;
  node.tree.part_of_a_tree = true;
  for (const auto& request : {boost("nginx"), boost_cgroup("/system.slice/redis.service")}) {
    const auto refused = node.lift(request);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().error.code == Errc::unsupported);
    CHECK(node.map().empty());
  }
  CHECK(node.lenient.prioritize(boost("nginx")));
}

TEST_CASE("the status has the totals of limits, over cgroups that are gone, too", "[service][limits]") {
  Node node;
  LimitStats limit;
  limit.id = CgroupId{7};
  limit.quota_us = 50000;
  limit.period_us = 100000;
  limit.periods = 40;
  limit.forced = 2;
  node.scheduler.set_limits({limit});
  node.pass(1s);
  CHECK(node.service.status()->limits == LimitTotals{1, 40, 0, 0, 2, 0});
  node.scheduler.set_limits({});
  node.pass(1s);
  CHECK(node.service.status()->limits == LimitTotals{0, 40, 0, 0, 2, 0});
}

TEST_CASE("where something cannot be enforced the scheduler is not attached, also when asked", "[service][limits]") {
  Node node;
  node.service.stop();
  MusServiceOptions options{false, "6.18.0-test", {}, [&node] { return node.now; }};
  options.enforced = {{"cpu.max", false, "no cfs_bandwidth"}};
  options.refusal = Error{Errc::unsupported, "cpu.max cannot be enforced here", "accept it with --allow-unenforced"};
  MusService service{node.scheduler, node.pods, node.tree, options};
  const auto started = service.start();
  REQUIRE_FALSE(started);
  CHECK(started.error().code == Errc::unsupported);
  CHECK_FALSE(node.scheduler.attached());
  CHECK(service.status()->mode == SchedulerMode::unsupported);
  CHECK(service.status()->reason == "cpu.max cannot be enforced here");
  CHECK(service.status()->enforced.at(0).detail == "no cfs_bandwidth");
  const auto again = service.attach();
  REQUIRE_FALSE(again);
  CHECK(again.error().error.advice == "accept it with --allow-unenforced");
  node.now += 10min;
  service.tick();
  CHECK_FALSE(node.scheduler.attached());
  CHECK_FALSE(service.prioritize(boost("nginx")));
}

TEST_CASE("GET /pods has the limit of each container's own cgroup, and none where there is none", "[service][limits]") {
  LenientNode node;
  PodCgroup directory;
  directory.pod_uid = "cc";
  directory.cgroup = {node.id("/kubepods/podcc"), "/kubepods/podcc"};
  directory.containers.push_back({"c1cc", {node.id("/kubepods/podcc/c1cc"), "/kubepods/podcc/c1cc"}});
  directory.containers.push_back({"c2cc", {node.id("/kubepods/podcc/c2cc"), "/kubepods/podcc/c2cc"}});
  node.tree.walk = {directory};
  LimitStats limit;
  limit.id = node.id("/kubepods/podcc/c1cc");
  limit.quota_us = 50000;
  limit.period_us = 100000;
  limit.periods = 40;
  LimitStats ended;  // it had one, and has none any more
  ended.id = node.id("/kubepods/podcc/c2cc");
  node.scheduler.set_limits({limit, ended});
  node.now += 1s;
  node.lenient.tick();
  const auto rows = node.lenient.pods();
  REQUIRE(rows);
  REQUIRE(rows->at(4).limit);
  CHECK(rows->at(4).limit->quota_us == 50000);
  CHECK(rows->at(4).limit->periods == 40);
  CHECK_FALSE(rows->at(5).limit);
}
