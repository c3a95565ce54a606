// SPDX-License-Identifier: Apache-2.0
// Boosts follow what they name: restarts, rollouts, kubelets that are away.
#include <catch2/catch_test_macros.hpp>
#include <memory>

#include "mus/abi.h"
#include "unit/daemon/fakes.hpp"

using namespace mus;
using namespace mus::test;
using namespace std::chrono_literals;

namespace {

// What the kubelet says of pod cc's first container.
void list_server_as(Node& node, const std::string& id) {
  auto list = *node.pods.cached;
  list.pods[2].containers[0].id = id;
  node.pods.serve(std::move(list));
}

struct Events final : EventSink {
  void add(EventKind kind, EventSubject subject, std::string message) override {
    const std::lock_guard lock(mutex);
    kinds.push_back(kind);
    subjects.push_back(std::move(subject));
    messages.push_back(std::move(message));
  }
  std::mutex mutex;
  std::vector<EventKind> kinds;
  std::vector<EventSubject> subjects;
  std::vector<std::string> messages;
};

// A service of its own on the node's scheduler, with more options.
struct FollowedNode : Node, ContainerLookup {
  Events events;
  std::map<std::string, ContainerIdentity, std::less<>> written;  // by the runtime
  mutable int identified = 0;
  std::unique_ptr<MusService> daemon;

  FollowedNode() {
    service.stop();
    MusServiceOptions options;
    options.now = [this] { return now; };
    options.events = &events;
    options.containers = this;
    daemon = std::make_unique<MusService>(scheduler, pods, tree, std::move(options));
    REQUIRE(daemon->start());
  }
  [[nodiscard]] Result<ContainerIdentity> identify(std::string_view id) const override {
    ++identified;
    const auto found = written.find(id);
    if (found == written.end()) return fail(Errc::not_found, "no such container", "");
    return found->second;
  }
};

}  // namespace

TEST_CASE("a container that restarts keeps its boost, as soon as the list has the new one", "[follow]") {
  Node node;
  REQUIRE(node.service.prioritize(boost_container("nginx", "server")));
  node.tree.remove("/kubepods/podcc/c1cc");
  node.pass(1s);
  CHECK(node.map().empty());
  const auto id = node.tree.add("/kubepods/podcc/c9cc");
  node.pass(1s);
  CHECK(node.map().empty());  // whose it is, nobody has said
  list_server_as(node, "c9cc");
  node.pass(1s);
  CHECK(node.map() == Policies{{id, 4096}});
  CHECK(node.service.boosts().at(0).applied.at(0).container == "server");
}

TEST_CASE("there is something to follow while there is a boost, or may be a declared one", "[follow]") {
  Node node;
  CHECK_FALSE(node.service.follows_any());
  REQUIRE(node.service.prioritize(boost_container("nginx", "server")));
  CHECK(node.service.follows_any());
  MusServiceOptions options;
  options.declarations.namespaces = {"shop"};
  const MusService declaring(node.scheduler, node.pods, node.tree, std::move(options));
  CHECK(declaring.follows_any());
}

TEST_CASE("told that directories came and went, the boost follows at once; the source is not asked", "[follow]") {
  Node node;
  REQUIRE(node.service.prioritize(boost_container("nginx", "server")));
  const int asked = node.pods.fresh_asked + node.pods.cached_asked;
  node.tree.remove("/kubepods/podcc/c1cc");
  node.service.follow();
  CHECK(node.map().empty());
  list_server_as(node, "c9cc");
  const auto id = node.tree.add("/kubepods/podcc/c9cc");
  node.service.follow();
  CHECK(node.map() == Policies{{id, 4096}});
  CHECK(node.pods.fresh_asked + node.pods.cached_asked == asked);
}

TEST_CASE("the runtime's files have a restarted container before the list does", "[follow]") {
  FollowedNode node;
  REQUIRE(node.daemon->prioritize(boost_container("nginx", "server")));
  node.tree.remove("/kubepods/podcc/c1cc");
  const auto id = node.tree.add("/kubepods/podcc/c9cc");
  node.daemon->follow();  // the runtime has not written it yet
  CHECK(node.map().empty());
  node.written["c9cc"] = {"c9cc", "shop", "nginx", "cc", "server", false};
  node.daemon->follow();
  CHECK(node.map() == Policies{{id, 4096}});
  const int asked = node.identified;
  node.daemon->follow();
  CHECK(node.identified == asked);  // known is known
  CHECK(node.events.kinds ==
        std::vector{EventKind::set, EventKind::applied, EventKind::lost, EventKind::pending, EventKind::restored});
  CHECK(node.events.subjects.back().pod == "nginx");
  CHECK(node.events.subjects.back().boost == "b1");
  CHECK(node.events.subjects.back().cgroup->id == id);
}

TEST_CASE("what nobody can say whose it is is not asked about without end", "[follow]") {
  FollowedNode node;
  REQUIRE(node.daemon->prioritize(boost("nginx")));
  node.tree.add("/kubepods/podcc/5a");
  for (int i = 0; i < 100; ++i) node.daemon->follow();
  CHECK(node.identified <= 20);
}

TEST_CASE("a label takes the pods that come later, too, and lets go of those that have gone", "[follow]") {
  Node node;
  PrioritizeRequest request;
  request.target.label = "app=redis";
  const auto reply = node.service.prioritize(request);
  REQUIRE(reply);
  CHECK(reply->boost.applied.size() == 2);
  auto list = *node.pods.cached;
  list.pods[0] = make_pod("prod", "redis-2", "dd");
  const auto id = node.tree.add("/kubepods/poddd");
  node.tree.remove("/kubepods/podaa");
  node.pods.serve(std::move(list));
  node.pass(1s);
  CHECK(node.map() == Policies{{node.id("/kubepods/podbb"), 4096}, {id, 4096}});
}

TEST_CASE("a boost by uid ends with its pod and is shown as ended", "[follow]") {
  Node node;
  PrioritizeRequest request;
  request.target.uid = "cc";
  REQUIRE(node.service.prioritize(request));
  node.now += 1s;
  auto list = *node.pods.cached;
  list.pods.pop_back();
  node.pods.serve(std::move(list));
  node.pods.cached->fetched_at = node.now;
  node.tree.remove("/kubepods/podcc");
  node.pass(1s);
  CHECK(node.map().empty());
  REQUIRE(node.service.boosts().size() == 1);
  CHECK(node.service.boosts()[0].state == Boost::State::ended);
  CHECK(node.service.status()->boosts.empty());
}

TEST_CASE("a pod that starts: accepted, pending, and applied when it is there", "[follow]") {
  Node node;
  node.tree.remove("/kubepods/podcc");
  const auto reply = node.service.prioritize(boost("nginx"));
  REQUIRE(reply);
  CHECK(reply->boost.state == Boost::State::pending);
  CHECK(reply->boost.pending == "shop/nginx has no cgroup: it is starting, or has just ended");
  CHECK(reply->boost.id == "b1");
  CHECK(node.service.status()->boosts.at(0).state == Boost::State::pending);
  const auto id = node.tree.add("/kubepods/podcc");
  node.tree.add("/kubepods/podcc/c1cc");
  CHECK(node.service.refresh() == 15s);
  CHECK(node.map() == Policies{{id, 4096}});
  SECTION("with a container that has no id yet") {
    list_server_as(node, "");
    const auto starting = node.service.prioritize(boost_container("nginx", "server"));
    REQUIRE(starting);
    CHECK(starting->boost.pending == "shop/nginx/server is starting: it has no container yet");
    list_server_as(node, "c1cc");
    (void)node.service.refresh();
    CHECK(node.map().size() == 2);
  }
}

TEST_CASE("with the kubelet away what is named in full is accepted, and what is not is refused", "[follow]") {
  Node node;
  const auto list = *node.pods.cached;
  node.pods.fail_with(Errc::unavailable);
  PrioritizeRequest by_uid;
  by_uid.target.uid = "aa";
  for (const auto& request : {boost("nginx", "shop"), by_uid}) {
    const auto reply = node.service.prioritize(request);
    REQUIRE(reply);
    CHECK(reply->boost.pending == "the kubelet is away");
  }
  for (auto request : {boost("nginx"), boost("nginx", "shop")}) {
    request.dry_run = request.target.ns == "shop";
    CHECK(node.service.prioritize(request).error().error.code == Errc::unavailable);
  }
  node.pods.fail_with(Errc::unsupported);  // there is no kubelet
  CHECK(node.service.prioritize(boost("redis-1", "shop")).error().error.code == Errc::unsupported);
  node.pods.serve(list);
  (void)node.service.refresh();
  CHECK(node.map() == Policies{{node.id("/kubepods/podcc"), 4096}, {node.id("/kubepods/podaa"), 4096}});
}

TEST_CASE("only a whole list can say that there is no such pod", "[follow]") {
  Node node;
  PodList part;
  part.incomplete = "a file is damaged";
  node.pods.serve(part);
  CHECK(node.service.prioritize(boost("postgres")).error().error.code == Errc::unavailable);
  const auto reply = node.service.prioritize(boost("postgres", "shop"));
  REQUIRE(reply);
  CHECK(reply->boost.state == Boost::State::pending);
  CHECK(reply->boost.pending.find("not every pod is known") != std::string::npos);
}

TEST_CASE("a unit or cgroup that is restarted is followed", "[follow]") {
  Node node;
  PrioritizeRequest unit;
  unit.target.kind = Target::Kind::unit;
  unit.target.unit = "redis";
  REQUIRE(node.service.prioritize(unit));
  CHECK(node.service.followed_places().at(0).id == node.id("/system.slice/redis.service"));
  node.tree.remove("/system.slice/redis.service");
  node.pass(1s);
  CHECK(node.map().empty());
  CHECK(node.service.boosts().at(0).pending == "the unit is not running");
  CHECK(node.service.followed_places().empty());  // a unit can come back anywhere
  const auto id = node.tree.add("/system.slice/redis.service");
  node.pass(1s);
  CHECK(node.map() == Policies{{id, 4096}});
  const int walks = node.tree.walks;
  node.pass(1s);
  CHECK(node.tree.walks == walks);
}

TEST_CASE("nothing is walked and nobody asked while nothing changes", "[follow]") {
  Node node;
  REQUIRE(node.service.prioritize(boost("nginx")));
  node.pass(1s);
  const int walks = node.tree.walks;
  const int asked = node.pods.fresh_asked + node.pods.cached_asked;
  for (int i = 0; i < 20; ++i) node.pass(1s);
  CHECK(node.tree.walks == walks);
  CHECK(node.pods.fresh_asked + node.pods.cached_asked == asked);
  REQUIRE(node.service.reset_all());
  CHECK_FALSE(node.service.refresh());  // without boosts not even that
  CHECK(node.pods.fresh_asked + node.pods.cached_asked == asked);
}

TEST_CASE("more matches than the map holds: those that fit are applied, and the boost says so", "[follow]") {
  Node node;
  PrioritizeRequest request;
  request.target.label = "app=many";
  auto list = *node.pods.cached;
  list.pods[0] = make_pod("shop", "many-0", "aa");
  node.pods.serve(list);
  REQUIRE(node.service.prioritize(request));
  for (unsigned i = 1; i <= MUS_MAX_POLICIES; ++i) {
    const auto uid = "m" + std::to_string(i);
    list.pods.push_back(make_pod("shop", "many-" + std::to_string(i), uid));
    node.tree.add("/kubepods/pod" + uid);
  }
  node.pods.serve(list);
  node.pass(1s);
  CHECK(node.map().size() == MUS_MAX_POLICIES);
  const auto shown = node.service.boosts().at(0);
  CHECK(shown.state == Boost::State::pending);
  CHECK(shown.pending == "1 of 1025 cgroups: the scheduler's map is full, 1024 cgroups are boosted");
  CHECK(node.service.prioritize(boost_cgroup("/system.slice/redis.service")).error().error.code == Errc::capacity);
  node.tree.remove("/kubepods/podm7");
  node.pass(1s);
  CHECK(node.service.boosts().at(0).state == Boost::State::applied);
}

TEST_CASE("a change of the map that fails while a boost follows is tried again", "[follow]") {
  Node node;
  REQUIRE(node.service.prioritize(boost("nginx")));
  node.tree.remove("/kubepods/podcc");
  const auto id = node.tree.add("/kubepods/podcc");
  node.scheduler.fail_set_policy_after(1);
  node.service.follow();
  CHECK(node.map().empty());
  CHECK(node.service.boosts().at(0).pending.starts_with("it cannot be applied: "));
  node.pass(1s);
  CHECK(node.map() == Policies{{id, 4096}});
}
