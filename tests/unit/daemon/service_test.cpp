// SPDX-License-Identifier: Apache-2.0
// What the service does when all goes well. Failures: service_failures_test.cpp.
#include <catch2/catch_test_macros.hpp>

#include "unit/daemon/fakes.hpp"

using namespace mus;
using namespace mus::test;
using namespace std::chrono_literals;
using Map = Policies;

TEST_CASE("a pod is boosted as a whole, a container by itself", "[service]") {
  Node node;
  const auto whole = node.service.prioritize(boost("nginx"));
  REQUIRE(whole);
  CHECK(node.map() == Map{{node.id("/kubepods/podcc"), 4096}});
  REQUIRE(whole->boost.applied.size() == 1);
  CHECK(whole->boost.applied[0].ns == "shop");
  CHECK(whole->boost.applied[0].pod == "nginx");
  CHECK(whole->boost.applied[0].weight == 4096);
  CHECK(whole->boost.id == "b1");
  CHECK_FALSE(whole->replaced);

  auto request = boost("nginx", "shop", 512);
  request.target.container = "server";
  REQUIRE(node.service.prioritize(request));
  CHECK(node.map() == Map{{node.id("/kubepods/podcc"), 4096}, {node.id("/kubepods/podcc/c1cc"), 512}});
}

TEST_CASE("after each attach and each end of one somebody is asked to look at the tree, and not in between",
          "[service]") {
  Node node;
  auto& watch = node.service.tree_watch();
  const auto asked = [&watch] {
    const bool yes = watch.wait({}, 0ms);
    if (yes) watch.publish(std::make_shared<TreeView>());
    return yes;
  };
  CHECK(asked());
  node.now += 2s;
  node.service.tick();
  CHECK_FALSE(asked());
  REQUIRE(node.service.detach());
  CHECK(asked());
  REQUIRE(node.service.attach());
  CHECK(asked());
}

TEST_CASE("a warm list is not asked for again", "[service]") {
  Node node;
  REQUIRE(node.service.prioritize(boost("nginx")));
  CHECK(node.pods.cached_asked == 1);
  CHECK(node.pods.fresh_asked == 0);
}

TEST_CASE("what the cached list lacks is looked for in a fresh one", "[service]") {
  Node node;
  node.pods.cached = PodList{};
  REQUIRE(node.service.prioritize(boost("nginx")));
  CHECK(node.pods.fresh_asked == 1);
}

TEST_CASE("an ambiguity of the cached list is settled by a fresh one", "[service]") {
  Node node;
  node.pods.fresh->pods.erase(node.pods.fresh->pods.begin());
  const auto reply = node.service.prioritize(boost("redis"));
  REQUIRE(reply);
  CHECK(reply->boost.applied[0].ns == "test");
}

TEST_CASE("a container that the cached list has under its old id is found by a fresh one", "[service]") {
  Node node;
  auto request = boost("nginx");
  request.target.container = "server";
  node.tree.remove("/kubepods/podcc/c1cc");
  const auto id = node.tree.add("/kubepods/podcc/c9cc");
  node.pods.fresh->pods[2].containers[0].id = "c9cc";
  REQUIRE(node.service.prioritize(request));
  CHECK(node.map() == Map{{id, 4096}});
}

TEST_CASE("all=true takes every match", "[service]") {
  Node node;
  auto request = boost("redis");
  request.target.all = true;
  REQUIRE(node.service.prioritize(request));
  CHECK(node.map() == Map{{node.id("/kubepods/podaa"), 4096}, {node.id("/kubepods/podbb"), 4096}});
}

TEST_CASE("cgroup, unit and pid need no kubelet", "[service]") {
  Node node;
  node.pods.fail_with(Errc::unavailable);
  const auto id = node.id("/system.slice/redis.service");
  PrioritizeRequest request;
  SECTION("cgroup") {
    request = boost_cgroup("/system.slice/redis.service/");
  }
  SECTION("unit") {
    request.target.kind = Target::Kind::unit;
    request.target.unit = "redis";
  }
  SECTION("pid") {
    request.target.kind = Target::Kind::pid;
    request.target.pid = 42;
  }
  const auto reply = node.service.prioritize(request);
  REQUIRE(reply);
  CHECK(node.map() == Map{{id, 4096}});
  CHECK(node.pods.cached_asked + node.pods.fresh_asked == 0);
  if (request.target.kind == Target::Kind::pid)
    CHECK(reply->note.find("/system.slice/redis.service") != std::string::npos);
  // Taking it back does not need the kubelet either, and any spelling of the target does.
  REQUIRE(node.service.reset(request.target));
  CHECK(node.map().empty());
}

TEST_CASE("a dry run answers as the real one would and changes nothing", "[service]") {
  Node node;
  auto request = boost("nginx", "", 2048);
  request.dry_run = true;
  const auto reply = node.service.prioritize(request);
  REQUIRE(reply);
  CHECK(reply->dry_run);
  CHECK(reply->boost.id.empty());
  CHECK(reply->boost.applied.at(0).cgroup.path == "/kubepods/podcc");
  CHECK(node.map().empty());
  CHECK(node.service.boosts().empty());
}

TEST_CASE("a boost ends with its ttl", "[service]") {
  Node node;
  auto request = boost("nginx");
  request.ttl = 10s;
  REQUIRE(node.service.prioritize(request));
  node.pass(9900ms);
  CHECK(node.map().size() == 1);
  CHECK(node.service.boosts().at(0).expires_in == 100ms);
  node.pass(100ms);
  CHECK(node.map().empty());
  CHECK(node.service.status()->boosts.empty());
  const auto shown = node.service.boosts();  // for whoever looks for it
  REQUIRE(shown.size() == 1);
  CHECK(shown[0].state == Boost::State::expired);
  CHECK(shown[0].pending == "its time is up");
  CHECK(shown[0].applied.empty());
  node.pass(6min);
  CHECK(node.service.boosts().empty());
}

TEST_CASE("the later boost of a cgroup wins, and when it goes the earlier is restored in the map", "[service]") {
  Node node;
  const auto id = node.id("/system.slice/redis.service");
  REQUIRE(node.service.prioritize(boost_cgroup("/system.slice/redis.service", 2048)));
  PrioritizeRequest unit;
  unit.target.kind = Target::Kind::unit;
  unit.target.unit = "redis";
  unit.weight = 9000;
  REQUIRE(node.service.prioritize(unit));
  CHECK(node.map() == Map{{id, 9000}});
  REQUIRE(node.service.reset(unit.target));
  CHECK(node.map() == Map{{id, 2048}});
}

TEST_CASE("reset takes back what matches, reset_all everything", "[service]") {
  Node node;
  REQUIRE(node.service.prioritize(boost("redis-1", "shop")));
  REQUIRE(node.service.prioritize(boost("redis-1", "test")));
  REQUIRE(node.service.prioritize(boost("nginx")));
  const auto removed = node.service.reset(boost("redis-1", "test").target);
  REQUIRE(removed);
  REQUIRE(removed->size() == 1);
  CHECK(removed->at(0).id == "b2");
  CHECK(removed->at(0).applied.size() == 1);
  CHECK(node.map() == Map{{node.id("/kubepods/podaa"), 4096}, {node.id("/kubepods/podcc"), 4096}});
  CHECK(node.service.reset_all()->size() == 2);
  CHECK(node.map().empty());
  CHECK(node.service.reset_all()->empty());
}

TEST_CASE("a directory that is gone leaves the map at the tick, and the boost says so", "[service]") {
  Node node;
  auto request = boost("nginx");
  request.target.container = "server";
  REQUIRE(node.service.prioritize(request));
  node.tree.remove("/kubepods/podcc/c1cc");
  node.pass(1s);
  CHECK(node.map().empty());
  CHECK(node.service.boosts().at(0).pending == "shop/nginx/server has no cgroup: it is starting, or has just ended");
  CHECK(node.service.boosts().at(0).state == Boost::State::pending);
  CHECK(node.service.boosts().at(0).applied.empty());
}

TEST_CASE("a directory made again under its old name is another one, which the boost follows", "[service]") {
  Node node;
  node.tree.add("/a");
  REQUIRE(node.service.prioritize(boost("nginx")));
  REQUIRE(node.service.prioritize(boost_cgroup("/a")));
  for (const auto* path : {"/kubepods/podcc", "/a"}) {
    node.tree.remove(path);
    node.tree.add(path);
  }
  node.pass(1s);
  CHECK(node.map() == Map{{node.id("/kubepods/podcc"), 4096}, {node.id("/a"), 4096}});
}

TEST_CASE("pods lists every container with its directory and the weight of the nearest boost", "[service]") {
  Node node;
  PodCgroup directory;
  directory.pod_uid = "cc";
  directory.cgroup = {node.id("/kubepods/podcc"), "/kubepods/podcc"};
  directory.containers.push_back({"c1cc", {node.id("/kubepods/podcc/c1cc"), "/kubepods/podcc/c1cc"}});
  node.tree.walk = {directory};
  REQUIRE(node.service.prioritize(boost("nginx")));
  const auto rows = node.service.pods();
  REQUIRE(rows);
  REQUIRE(rows->size() == 6);
  const auto& server = rows->at(4);
  CHECK(server.pod == "nginx");
  CHECK(server.container == "server");
  REQUIRE(server.cgroup);
  CHECK(server.cgroup->path == "/kubepods/podcc/c1cc");
  CHECK(server.weight == 4096);
  CHECK_FALSE(rows->at(5).cgroup);
  CHECK(rows->at(5).weight == 1024);
}

TEST_CASE("a pod's second, empty directory hides no container from the list of pods", "[service]") {
  Node node;
  PodCgroup empty;
  empty.pod_uid = "cc";
  empty.cgroup = {CgroupId{6}, "/kubepods/podcc"};
  PodCgroup directory;
  directory.pod_uid = "cc";
  directory.cgroup = {CgroupId{7}, "/kubepods.slice/kubepods-podcc.slice"};
  directory.containers.push_back({"c1cc", {CgroupId{8}, "/kubepods.slice/kubepods-podcc.slice/cri-c1cc.scope"}});
  node.tree.walk = {empty, directory};
  const auto rows = node.service.pods();
  REQUIRE(rows);
  REQUIRE(rows->at(4).cgroup);
  CHECK(rows->at(4).cgroup->id == CgroupId{8});
}

TEST_CASE("a static pod's directory is found by the hash of its manifest", "[service]") {
  Node node;
  node.pods.cached->pods[2].config_hash = "0123";
  PodCgroup directory;
  directory.pod_uid = "0123";
  directory.containers.push_back({"c1cc", {CgroupId{7}, "/kubepods/pod0123/c1cc"}});
  node.tree.walk = {directory};
  const auto rows = node.service.pods();
  REQUIRE(rows);
  REQUIRE(rows->at(4).cgroup);
  CHECK(rows->at(4).cgroup->id == CgroupId{7});
}

TEST_CASE("the status shows a change at once and is not changed afterwards", "[service]") {
  Node node;
  const auto before = node.service.status();
  CHECK(before->mode == SchedulerMode::attached);
  CHECK(before->attaches == 1);
  CHECK(before->dry_run);
  CHECK(before->kernel == "6.18.0-test");
  REQUIRE(node.service.prioritize(boost("nginx")));
  CHECK(before->boosts.empty());
  CHECK(node.service.status()->boosts.size() == 1);
  node.pass(5s);
  CHECK(node.service.status()->uptime == 5s);
}
