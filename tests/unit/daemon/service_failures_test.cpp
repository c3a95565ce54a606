// SPDX-License-Identifier: Apache-2.0
// Every failure leaves the whole map as it was, and says what to do.
#include <catch2/catch_test_macros.hpp>

#include "mus/abi.h"
#include "unit/daemon/fakes.hpp"

using namespace mus;
using namespace mus::test;
using namespace std::chrono_literals;
using Map = Policies;

namespace {

constexpr std::int64_t kRestart = 1LL << 48;

// A node with a boost on it: something that a failure could spoil.
struct BoostedNode : Node {
  Map before;
  BoostedNode() {
    REQUIRE(service.prioritize(boost_cgroup("/system.slice/redis.service", 2048)));
    before = map();
  }
  ServiceError refused(const PrioritizeRequest& request) {
    const auto reply = service.prioritize(request);
    REQUIRE_FALSE(reply);
    CHECK(map() == before);
    CHECK(service.boosts().size() == 1);
    CHECK_FALSE(reply.error().error.message.empty());
    return reply.error();
  }
};

}  // namespace

TEST_CASE("bad targets are refused and the map stays as it was", "[service][failures]") {
  BoostedNode node;
  SECTION("an unknown pod: 404 after a fresh look") {
    CHECK(node.refused(boost("postgres")).error.code == Errc::not_found);
    CHECK(node.pods.fresh_asked == 1);
  }
  SECTION("a name that only labels could explain, from a list without labels: 503 after a fresh look") {
    auto list = *node.pods.cached;
    for (auto& pod : list.pods) pod.labels.clear();
    list.no_labels = "the kubelet is away";
    node.pods.serve(list);
    const auto error = node.refused(boost("redis"));
    CHECK(error.error.code == Errc::unavailable);
    CHECK(error.error.message.find("the kubelet is away") != std::string::npos);
    CHECK(error.retry_after);
    CHECK(node.pods.fresh_asked == 1);
  }
  SECTION("an ambiguous pod: 409 with the candidates") {
    const auto error = node.refused(boost("redis"));
    CHECK(error.error.code == Errc::ambiguous);
    CHECK(error.candidates.size() == 2);
  }
  SECTION("an unknown container") {
    auto request = boost("nginx");
    request.target.container = "sidecar";
    CHECK(node.refused(request).error.code == Errc::not_found);
  }
  SECTION("weights off the scale") {
    for (const auto weight : {0U, 15U, 102401U, 4294967295U}) {
      CHECK(node.refused(boost("nginx", "", weight)).error.code == Errc::invalid_argument);
    }
  }
  SECTION("a ttl of nothing, and one that no clock can hold") {
    for (const auto ttl : {0ms, -1ms, std::chrono::milliseconds::max()}) {
      auto request = boost("nginx");
      request.ttl = ttl;
      CHECK(node.refused(request).error.code == Errc::invalid_argument);
    }
  }
  SECTION("a cgroup that is not there") {
    CHECK(node.refused(boost_cgroup("/nowhere")).error.code == Errc::not_found);
  }
}

TEST_CASE("a kubelet that is away, refuses us or talks garbage is never taken for an empty node",
          "[service][failures]") {
  BoostedNode node;
  SECTION("away") {
    node.pods.fail_with(Errc::unavailable);
    const auto error = node.refused(boost("nginx"));
    CHECK(error.error.code == Errc::unavailable);
    CHECK(error.retry_after);
  }
  SECTION("our token is refused: that is no matter of the caller's") {
    for (const auto code : {Errc::unauthorized, Errc::forbidden}) {
      node.pods.fail_with(code);
      CHECK(node.refused(boost("nginx")).error.code == Errc::unavailable);
    }
  }
  SECTION("garbage") {
    node.pods.fail_with(Errc::protocol);
    CHECK(node.refused(boost("nginx")).error.code == Errc::protocol);
  }
  SECTION("away, and the cached list does not know the pod: nobody can say 404") {
    node.pods.fresh = fail(Errc::unavailable, "the kubelet is away");
    CHECK(node.refused(boost("postgres")).error.code == Errc::unavailable);
  }
  SECTION("away, but the cached list knows the pod") {
    node.pods.fresh = fail(Errc::unavailable, "the kubelet is away");
    CHECK(node.service.prioritize(boost("nginx")));
  }
}

TEST_CASE("a pod without a directory is starting: a dry run is refused and keeps nothing", "[service][failures]") {
  BoostedNode node;
  node.tree.remove("/kubepods/podcc");
  auto request = boost("nginx");
  request.dry_run = true;
  const auto error = node.refused(request);
  CHECK(error.error.code == Errc::unavailable);
  CHECK(error.retry_after);
}

TEST_CASE("a boost of several cgroups is set whole or not at all, wherever it fails", "[service][failures]") {
  for (unsigned n = 1; n <= 2; ++n) {
    CAPTURE(n);
    BoostedNode node;
    auto request = boost("redis");
    request.target.all = true;
    node.scheduler.fail_set_policy_after(n);
    node.refused(request);
    node.scheduler.fail_set_policy_after(0);
    REQUIRE(node.service.prioritize(request));
    CHECK(node.map().size() == 3);
  }
}

TEST_CASE("a replacement that fails leaves the boost that it was to replace", "[service][failures]") {
  Node node;
  node.tree.add("/a");
  auto request = boost("redis");
  request.target.all = true;
  REQUIRE(node.service.prioritize(request));
  const auto before = node.map();
  // Now it matches one pod less and one pod more, so that the change removes, adds and changes entries.
  auto other = make_pod("prod", "redis-1", "dd");
  node.tree.add("/kubepods/poddd");
  node.pods.cached->pods[0] = other;
  for (unsigned n = 1; n <= 2; ++n) {
    request.weight = 8192;
    node.scheduler.fail_set_policy_after(n);
    REQUIRE_FALSE(node.service.prioritize(request));
    CHECK(node.map() == before);
    CHECK(node.service.boosts().at(0).weight == 4096);
  }
}

TEST_CASE("more cgroups than the map holds: 507 and the map as it was", "[service][failures]") {
  Node node;
  for (unsigned i = 0; i < MUS_MAX_POLICIES; ++i) {
    const auto path = "/many/" + std::to_string(i);
    node.tree.add(path);
    REQUIRE(node.service.prioritize(boost_cgroup(path)));
  }
  const auto before = node.map();
  const auto reply = node.service.prioritize(boost("nginx"));
  REQUIRE_FALSE(reply);
  CHECK(reply.error().error.code == Errc::capacity);
  CHECK(node.map() == before);
}

TEST_CASE("nothing matches a reset: 404", "[service][failures]") {
  BoostedNode node;
  const auto reply = node.service.reset(boost("postgres").target);
  REQUIRE_FALSE(reply);
  CHECK(reply.error().error.code == Errc::not_found);
  CHECK(node.map() == node.before);
}

TEST_CASE("after an ejection for an error the boosts are in force again once it is attached", "[service][ejection]") {
  BoostedNode node;
  node.scheduler.eject({1026, 0, "runnable task stall", "hog[1]"});
  node.pass(250ms);
  CHECK(node.map().empty());
  auto status = node.service.status();
  CHECK(status->mode == SchedulerMode::fallback);
  CHECK(status->reason.find("stall") != std::string::npos);
  REQUIRE(status->last_ejection);
  CHECK(status->last_ejection->kind == 1026);
  CHECK(status->next_attempt_in == 1000ms);
  CHECK(status->boosts.at(0).applied.empty());
  CHECK(status->boosts.at(0).pending.find("stall") != std::string::npos);

  auto dry = boost("nginx");
  dry.dry_run = true;
  const auto refused = node.service.prioritize(dry);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().error.code == Errc::unavailable);
  CHECK(refused.error().retry_after == 1s);
  const auto accepted = node.service.prioritize(boost("nginx"));
  REQUIRE(accepted);
  CHECK(accepted->boost.state == Boost::State::pending);
  CHECK(accepted->boost.pending.find("stall") != std::string::npos);
  node.before[node.id("/kubepods/podcc")] = 4096;

  node.pass(999ms);
  CHECK(node.map().empty());
  node.pass(1ms);
  CHECK(node.map() == node.before);
  status = node.service.status();
  CHECK(status->mode == SchedulerMode::attached);
  CHECK(status->reason.empty());
  CHECK(status->attaches == 2);
  CHECK(status->ejections == 1);
  CHECK(status->last_ejection);
}

TEST_CASE("a boost asked for between an ejection and the tick that notices it waits for the next attach",
          "[service][ejection]") {
  BoostedNode node;
  node.scheduler.eject({1024, 0, "runtime error", ""});
  const auto accepted = node.service.prioritize(boost("nginx"));
  REQUIRE(accepted);
  CHECK(accepted->boost.state == Boost::State::pending);
  CHECK(accepted->boost.applied.empty());
  node.pass(250ms);
  node.pass(1s);
  CHECK(node.map().size() == 2);
  CHECK(node.service.boosts().at(1).state == Boost::State::applied);
}

TEST_CASE("a hotplug restart is over within the tick that notices it", "[service][ejection]") {
  BoostedNode node;
  node.scheduler.eject({66, kRestart, "cpu 1 going offline, exiting scheduler", ""});
  node.pass(250ms);
  CHECK(node.map() == node.before);
  CHECK(node.service.status()->mode == SchedulerMode::attached);
}

TEST_CASE("after SysRq-S it stays off until it is asked to attach", "[service][ejection]") {
  BoostedNode node;
  node.scheduler.eject({67, 0, "disabled by sysrq-S", ""});
  for (int i = 0; i < 1000; ++i) node.pass(1min);
  CHECK_FALSE(node.scheduler.attached());
  CHECK(node.service.prioritize(boost("nginx")).error().error.code == Errc::unavailable);  // for who knows how long
  auto status = node.service.status();
  CHECK(status->mode == SchedulerMode::stopped);
  CHECK(status->reason.find("SysRq-S") != std::string::npos);
  CHECK_FALSE(status->next_attempt_in);
  REQUIRE(node.service.attach());
  CHECK(node.map() == node.before);
}

TEST_CASE("a scheduler that is ejected again and again is given up, and says so", "[service][ejection]") {
  BoostedNode node;
  int ejections = 0;
  while (ejections < 100 && node.service.status()->mode != SchedulerMode::stopped) {
    if (node.scheduler.attached()) {
      node.scheduler.eject({1026, 0, "stall", ""});
      ++ejections;
    }
    node.pass(250ms);
  }
  CHECK(ejections == 5);
  CHECK(node.service.status()->reason.find("gave up") != std::string::npos);
  CHECK(node.map().empty());
  CHECK(node.service.boosts().size() == 1);  // still wanted
}

TEST_CASE("another scheduler's end is waited for", "[service][ejection]") {
  BoostedNode node;
  node.scheduler.fail_attach(Error{Errc::busy, "another sched_ext scheduler is attached: other", "stop it"});
  node.scheduler.eject({1024, 0, "error", ""});
  for (int i = 0; i < 600; ++i) node.pass(1s);
  const auto status = node.service.status();
  CHECK(status->mode == SchedulerMode::fallback);
  CHECK(status->reason.find("another") != std::string::npos);
  CHECK(*status->next_attempt_in <= 60s);
  node.scheduler.fail_attach(std::nullopt);
  node.pass(60s);
  CHECK(node.map() == node.before);
}

TEST_CASE("a kernel that cannot is not tried again, unless it could before", "[service][ejection]") {
  SECTION("never attached") {
    Node node;
    MemoryScheduler refuses;
    refuses.fail_attach(Error{Errc::unsupported, "this kernel has no sched_ext", "boot another"});
    MusService service(refuses, node.pods, node.tree, {false, "5.10", {}, [&] { return node.now; }});
    CHECK(service.start().error().code == Errc::unsupported);
    refuses.fail_attach(std::nullopt);
    node.now += 1h;
    service.tick();
    CHECK(service.status()->mode == SchedulerMode::unsupported);
    CHECK(service.prioritize(boost("nginx")).error().error.code == Errc::unavailable);
  }
  SECTION("attached before") {
    BoostedNode node;
    node.scheduler.fail_attach(Error{Errc::unsupported, "the kernel refused the BPF program", ""});
    node.scheduler.eject({66, kRestart, "hotplug", ""});
    node.pass(250ms);
    CHECK(node.service.status()->mode == SchedulerMode::fallback);
    node.scheduler.fail_attach(std::nullopt);
    node.pass(1s);
    CHECK(node.map() == node.before);
  }
}

TEST_CASE("a boost that ends while the scheduler is off does not come back with it", "[service][ejection]") {
  Node node;
  auto request = boost("nginx");
  request.ttl = 5s;
  REQUIRE(node.service.prioritize(request));
  REQUIRE(node.service.prioritize(boost("redis-1", "shop")));
  REQUIRE(node.service.detach());
  CHECK(node.map().empty());
  CHECK(node.service.status()->mode == SchedulerMode::stopped);
  node.pass(6s);
  REQUIRE(node.service.reset(boost("redis-1", "shop").target));  // taking back works while it is off
  REQUIRE(node.service.attach());
  CHECK(node.map().empty());
}

TEST_CASE("once stopped nothing attaches again", "[service][ejection]") {
  BoostedNode node;
  node.service.stop();
  CHECK_FALSE(node.scheduler.attached());
  node.pass(1h);
  CHECK_FALSE(node.service.attach());
  CHECK_FALSE(node.scheduler.attached());
}
