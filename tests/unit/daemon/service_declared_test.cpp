// SPDX-License-Identifier: Apache-2.0
// Boosts that pods declare, from the list to the scheduler's map and over a restart.
#include <catch2/catch_test_macros.hpp>
#include <memory>

#include "unit/daemon/kept_node.hpp"

using namespace mus;
using namespace mus::test;
using namespace std::chrono_literals;

namespace {

struct Reported final : EventSink {
  void add(EventKind kind, EventSubject subject, std::string message) override {
    kinds.push_back(kind);
    about.push_back(subject.pod + ": " + message);
  }
  std::vector<EventKind> kinds;
  std::vector<std::string> about;
};

struct DeclaringNode : Node {
  Reported events;
  FakeStore store;
  Calendar calendar{std::chrono::seconds{1'800'000'000}, std::chrono::seconds{5000}, "boot-1"};
  std::unique_ptr<MusService> daemon;

  DeclaringNode() { service.stop(); }

  void start(DeclarationRules rules = {{"shop"}, 4096}) {
    daemon.reset();
    scheduler.detach();
    MusServiceOptions options;
    options.now = [this] { return now; };
    options.events = &events;
    options.store = &store;
    options.calendar = [this] { return calendar; };
    options.declarations = std::move(rules);
    daemon = std::make_unique<MusService>(scheduler, pods, tree, std::move(options));
    REQUIRE(daemon->start());
  }
  // Of pod cc, shop/nginx.
  void declare(std::map<std::string, std::string> declared) {
    auto list = *pods.cached;
    list.pods[2].declared = std::move(declared);
    pods.serve(std::move(list));
  }
  void pass_time(std::chrono::milliseconds time) {
    now += time;
    calendar.wall += time;
    calendar.boottime += time;
    daemon->tick();
  }
};

}  // namespace

TEST_CASE("a declared boost acts from the first list that has it, and ends with the annotation", "[declared]") {
  DeclaringNode node;
  node.declare({{"weight", "2048"}});
  node.start();
  CHECK(node.map() == Policies{{node.id("/kubepods/podcc"), 2048}});
  CHECK(node.daemon->boosts().at(0).declared);
  node.declare({{"weight.server", "4096"}});
  node.pass_time(1s);
  CHECK(node.map() == Policies{{node.id("/kubepods/podcc/c1cc"), 4096}});
  node.declare({});
  node.pass_time(1s);
  CHECK(node.map().empty());
}

TEST_CASE("a refused declaration is an event, once", "[declared]") {
  DeclaringNode node;
  node.declare({{"weight", "9000"}});
  node.start();
  for (int i = 0; i < 3; ++i) {
    node.pods.serve(*node.pods.cached);
    node.pass_time(1s);
  }
  CHECK(node.map().empty());
  CHECK(node.events.kinds == std::vector{EventKind::refused});
  CHECK(node.events.about.at(0) == "nginx: the declared weight 9000 is above the ceiling of 4096");
}

TEST_CASE("a boost that is asked for wins over a declared one, and its end brings that back", "[declared]") {
  DeclaringNode node;
  node.declare({{"weight", "2048"}});
  node.start();
  const auto id = node.id("/kubepods/podcc");
  REQUIRE(node.daemon->prioritize(boost("nginx", "shop", 1024)));
  CHECK(node.map() == Policies{{id, 1024}});
  node.declare({{"weight", "4096"}});
  node.pass_time(1s);
  CHECK(node.map() == Policies{{id, 1024}});
  REQUIRE(node.daemon->reset(boost("nginx").target));
  CHECK(node.map() == Policies{{id, 4096}});
  const auto refused = node.daemon->reset(boost("nginx").target);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().error.code == Errc::forbidden);
  CHECK(refused.error().error.advice.find("annotation") != std::string::npos);
  REQUIRE(node.daemon->reset_all());
  CHECK(node.map() == Policies{{id, 4096}});
}

TEST_CASE("a declared time is over once, also when the daemon is started again", "[declared]") {
  DeclaringNode node;
  node.declare({{"weight", "2048"}, {"ttl", "10m"}});
  node.start();
  CHECK(node.map().size() == 1);
  (void)node.daemon->save();
  node.calendar.boottime += 4min;
  node.start();
  CHECK(node.daemon->boosts().at(0).expires_in == 6min);
  node.pass_time(6min);
  CHECK(node.map().empty());
  (void)node.daemon->save();
  node.start();
  node.pods.serve(*node.pods.cached);
  node.pass_time(1s);
  CHECK(node.map().empty());
  CHECK(node.daemon->status()->boosts.empty());
}

TEST_CASE("a list without labels has no annotations either: what was declared stays", "[declared]") {
  DeclaringNode node;
  node.declare({{"weight", "2048"}});
  node.start();
  auto list = *node.pods.cached;
  list.no_labels = "the kubelet is away";
  list.pods[2].declared.clear();
  node.pods.serve(list);
  node.pass_time(1s);
  CHECK(node.map().size() == 1);
}

TEST_CASE("started without leave, the daemon drops what was declared before", "[declared]") {
  DeclaringNode node;
  node.declare({{"weight", "2048"}});
  node.start();
  (void)node.daemon->save();
  node.start({});
  CHECK(node.map().empty());
  CHECK(node.daemon->boosts().empty());
}
