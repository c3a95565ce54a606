// SPDX-License-Identifier: Apache-2.0
// Boosts outlive the daemon: what was promised is on disk, and what the disk does not take is not promised.
#include <catch2/catch_test_macros.hpp>
#include <condition_variable>
#include <thread>

#include "unit/daemon/kept_node.hpp"

using namespace mus;
using namespace mus::test;
using namespace std::chrono_literals;
using Names = std::vector<std::string>;

namespace {

PrioritizeRequest for_a_while(const std::string& pod, std::chrono::milliseconds ttl) {
  auto request = boost(pod);
  request.ttl = ttl;
  return request;
}

// A disk that holds whoever writes to it until it is let go.
class SlowDisk {
 public:
  explicit SlowDisk(FakeStore& store) {
    store.on_save = [this] {
      std::unique_lock lock(mutex_);
      writing_ = true;
      changed_.notify_all();
      changed_.wait(lock, [this] { return free_; });
    };
  }
  void await_writer() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return writing_; });
  }
  void let_go() {
    const std::lock_guard lock(mutex_);
    free_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool writing_ = false;
  bool free_ = false;
};

}  // namespace

TEST_CASE("boosts are there again after a kill -9, under their ids, and in force as soon as they can be", "[kept]") {
  KeptNode node;
  REQUIRE(node.daemon->prioritize(boost_cgroup("/system.slice/redis.service", 2048)));
  REQUIRE(node.daemon->prioritize(boost("nginx")));
  node.start();
  CHECK(node.map() == Policies{{node.id("/system.slice/redis.service"), 2048}, {node.id("/kubepods/podcc"), 4096}});
  CHECK(node.shown(0).id == "b1");
  CHECK(node.shown(1).target.pod == "nginx");
  const auto next = node.daemon->prioritize(boost("redis-1", "shop"));
  REQUIRE(next);
  CHECK(next->boost.id == "b3");
  REQUIRE(node.daemon->reset(boost("nginx").target));
  node.start();
  CHECK(node.map().size() == 2);
}

TEST_CASE("with the kubelet away after a restart boosts of pods wait for it, and others do not", "[kept]") {
  KeptNode node;
  REQUIRE(node.daemon->prioritize(boost_cgroup("/system.slice/redis.service")));
  REQUIRE(node.daemon->prioritize(boost("nginx")));
  const auto list = *node.pods.cached;
  node.pods.fail_with(Errc::unavailable);
  node.start();
  CHECK(node.map().size() == 1);
  CHECK(node.shown(1).state == Boost::State::pending);
  CHECK(node.daemon->refresh() == 1s);
  CHECK(node.shown(1).pending == "the node's pods are not known: the kubelet is away");
  CHECK(node.daemon->refresh() == 2s);
  node.pods.serve(list);
  CHECK(node.daemon->refresh() == 15s);
  CHECK(node.map().size() == 2);
  CHECK(node.shown(1).state == Boost::State::applied);
}

TEST_CASE("a ttl goes on while the daemon is away, by the clock of the machine's boot", "[kept]") {
  KeptNode node;
  REQUIRE(node.daemon->prioritize(for_a_while("nginx", 1h)));
  REQUIRE(node.daemon->prioritize(for_a_while("redis-1", 10min)).error().error.code == Errc::ambiguous);
  node.calendar.boottime += 20min;
  node.calendar.wall += 365 * 24h;  // somebody set it
  node.start();
  CHECK(node.shown().expires_in == 40min);
  node.calendar.boottime += 41min;
  node.start();
  CHECK(node.map().empty());
  CHECK(node.daemon->status()->boosts.empty());
  REQUIRE(node.daemon->boosts().size() == 1);
  CHECK(node.shown().state == Boost::State::expired);
  CHECK(node.shown().pending.find("while the daemon was away") != std::string::npos);
  CHECK_FALSE(node.daemon->save());
  CHECK(node.store.pods().empty());
}

TEST_CASE("after a reboot with a clock that is a year off nothing is kept for ever or dropped without a word",
          "[kept]") {
  KeptNode node;
  REQUIRE(node.daemon->prioritize(for_a_while("nginx", 1h)));
  node.calendar.boot = "boot-2";
  node.calendar.boottime = 1min;
  SECTION("behind") {
    node.calendar.wall -= 365 * 24h;
    node.start();
    CHECK(node.shown().expires_in == 59min);
    CHECK(node.shown().note.find("the wall clock is") != std::string::npos);
    node.pass(59min);
    CHECK(node.shown().state == Boost::State::expired);
  }
  SECTION("ahead") {
    node.calendar.wall += 365 * 24h;
    node.start();
    CHECK(node.shown().state == Boost::State::expired);
    CHECK(node.shown().pending.find("by the wall clock") != std::string::npos);
  }
}

TEST_CASE("what is left of a ttl is written now and then, without anybody asking", "[kept]") {
  KeptNode node;
  CHECK_FALSE(node.daemon->save());
  REQUIRE(node.daemon->prioritize(for_a_while("nginx", 1h)));
  CHECK(node.daemon->save() == 60s);
  const int saves = node.store.saves;
  node.pass(59s);
  CHECK(node.daemon->save() == 1s);
  CHECK(node.store.saves == saves);
  node.pass(1s);
  CHECK(node.daemon->save() == 60s);
  CHECK(node.store.saves == saves + 1);
  CHECK(node.store.state->boosts.at(0).left == 59min);
  node.pass(1h);
  CHECK_FALSE(node.daemon->save());
  CHECK(node.store.state->boosts.empty());
}

TEST_CASE("a disk that takes nothing: the request is refused, and neither map nor boosts are changed", "[kept]") {
  KeptNode node;
  REQUIRE(node.daemon->prioritize(boost("nginx", "", 2048)));
  const auto map = node.map();
  for (const auto code : {Errc::capacity, Errc::unavailable}) {
    node.store.error = Error{code, "/state/boosts.json cannot be written", "make room"};
    for (const auto& request : {boost("redis-1", "shop"), boost("nginx", "", 8192)}) {
      const auto refused = node.daemon->prioritize(request);
      REQUIRE_FALSE(refused);
      CHECK(refused.error().error.code == code);
      CHECK(refused.error().error.advice == "make room");
    }
    CHECK(node.daemon->reset(boost("nginx").target).error().error.code == code);
    CHECK(node.daemon->reset_all().error().error.code == code);
    CHECK(node.map() == map);
    CHECK(node.daemon->boosts().size() == 1);
    CHECK(node.shown().weight == 2048);
    node.pass(1s);
    CHECK(node.daemon->status()->state_file.trouble == "/state/boosts.json cannot be written");
    CHECK(node.daemon->save() == 30s);
  }
  auto dry = boost("redis-1", "shop");
  dry.dry_run = true;
  CHECK(node.daemon->prioritize(dry));
  node.store.error.reset();
  CHECK_FALSE(node.daemon->save());  // what is there may be either
  node.pass(1s);
  CHECK(node.daemon->status()->state_file.trouble.empty());
  CHECK(node.store.pods() == Names{"nginx"});
}

TEST_CASE("a boost that the scheduler does not take leaves the disk, too", "[kept]") {
  KeptNode node;
  REQUIRE(node.daemon->prioritize(boost("nginx")));
  node.scheduler.fail_set_policy_after(1);
  REQUIRE_FALSE(node.daemon->prioritize(boost("redis-1", "shop")));
  CHECK(node.store.pods() == Names{"nginx"});
  CHECK_FALSE(node.store.versions_fell);
  node.scheduler.fail_set_policy_after(1);
  REQUIRE_FALSE(node.daemon->prioritize(boost("nginx", "", 8192)));
  CHECK(node.shown().weight == 4096);
  CHECK(node.store.state->boosts.at(0).weight == 4096);
  node.start();
  CHECK(node.map().size() == 1);
}

TEST_CASE("killed between the disk and the scheduler, the boost is there after the restart", "[kept]") {
  KeptNode node;
  std::optional<SavedState> at_death;
  node.store.on_save = [&] { at_death = node.store.state; };
  REQUIRE(node.daemon->prioritize(boost("nginx")));
  CHECK_FALSE(at_death);  // before the disk had it, it had not been promised
  node.store.on_save = nullptr;
  auto crash = node.store.state;  // and here the process dies
  node.store.state = crash;
  node.start();
  CHECK(node.map() == Policies{{node.id("/kubepods/podcc"), 4096}});
}

TEST_CASE("a slow disk holds up neither the main loop nor readers, and writers wait their turn, but not for ever",
          "[kept][threads]") {
  KeptNode node;
  REQUIRE(node.daemon->prioritize(for_a_while("nginx", 5s)));
  SlowDisk disk(node.store);
  std::thread writer([&] { CHECK(node.daemon->prioritize(boost_cgroup("/system.slice/redis.service"))); });
  disk.await_writer();
  CHECK(node.map().size() == 1);  // not before the disk has it
  node.pass(5s);                  // a boost ends meanwhile
  CHECK(node.map().empty());
  CHECK(node.daemon->status()->boosts.empty());
  const auto late = node.daemon->prioritize(boost("redis-1", "shop"));
  REQUIRE_FALSE(late);
  CHECK(late.error().error.code == Errc::unavailable);
  CHECK(late.error().retry_after);
  CHECK(node.daemon->save() == 1s);
  disk.let_go();
  writer.join();
  CHECK(node.map() == Policies{{node.id("/system.slice/redis.service"), 4096}});
  // The one that ended is on the disk still, and leaves it later.
  CHECK(node.store.pods() == Names{"nginx", "/system.slice/redis.service"});
  node.store.on_save = nullptr;
  CHECK_FALSE(node.daemon->save());
  CHECK(node.store.pods() == Names{"/system.slice/redis.service"});
  CHECK_FALSE(node.store.versions_fell);
}

TEST_CASE("many callers at once: what is on the disk is what is there, and versions only grow", "[kept][threads]") {
  KeptNode node;
  constexpr int kCallers = 4;
  for (int i = 0; i < kCallers; ++i) node.tree.add("/c" + std::to_string(i));
  std::vector<std::thread> callers;
  callers.reserve(kCallers);
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&node, i] {
      const auto request = boost_cgroup("/c" + std::to_string(i));
      for (int round = 0; round < 50; ++round) {
        (void)!node.daemon->prioritize(request);
        if (round % 4 == 3) (void)!node.daemon->reset(request.target);
        (void)node.daemon->save();
      }
    });
  }
  for (int i = 0; i < 50; ++i) node.daemon->tick();
  for (auto& caller : callers) caller.join();
  CHECK_FALSE(node.store.versions_fell);
  const auto before = node.daemon->boosts();
  (void)node.daemon->save();
  CHECK(node.store.pods().size() == before.size());
  node.start();
  CHECK(node.daemon->boosts().size() == before.size());
}

TEST_CASE("a state file that was put aside is told, and new boosts are kept", "[kept]") {
  KeptNode node;
  node.store.trouble = "/state/boosts.json cannot be used: damaged; it is kept as /state/boosts.json.damaged-1";
  node.start();
  CHECK(node.daemon->status()->state_file.trouble == node.store.trouble);
  CHECK(node.daemon->status()->state_file.path == "/state/boosts.json");
  REQUIRE(node.daemon->prioritize(boost("nginx")));
  CHECK(node.store.pods() == Names{"nginx"});
}

TEST_CASE("a process is kept as its cgroup, and taken back by its number while the daemon lives", "[kept]") {
  KeptNode node;
  PrioritizeRequest request;
  request.target.kind = Target::Kind::pid;
  request.target.pid = 42;
  const auto reply = node.daemon->prioritize(request);
  REQUIRE(reply);
  CHECK(reply->boost.target == boost_cgroup("/system.slice/redis.service").target);
  CHECK(node.daemon->reset(request.target));
  REQUIRE(node.daemon->prioritize(request));
  node.start();
  CHECK(node.map().size() == 1);
  CHECK(node.daemon->reset(request.target).error().error.code == Errc::not_found);  // another process by now
  CHECK(node.daemon->reset(reply->boost.target));
}

TEST_CASE("limits are lifted after a restart only where the daemon still allows it", "[kept]") {
  KeptNode node;
  node.start(true);
  auto request = boost("nginx");
  request.ignore_limit = true;
  REQUIRE(node.daemon->prioritize(request));
  const auto id = node.id("/kubepods/podcc");
  CHECK(node.map() == Policies{{id, {4096, 2}}});
  node.start(true);
  CHECK(node.map() == Policies{{id, {4096, 2}}});
  node.start(false);
  CHECK(node.map() == Policies{{id, 4096}});
  CHECK(node.shown().ignore_limit);
  CHECK(node.shown().note.find("--allow-ignore-limit") != std::string::npos);
}

TEST_CASE("a boost asked for without a scheduler is kept and in force with the next attach", "[kept]") {
  KeptNode node;
  node.scheduler.eject({1024, 0, "error", ""});
  node.pass(250ms);
  const auto accepted = node.daemon->prioritize(boost("nginx"));
  REQUIRE(accepted);
  CHECK(accepted->boost.state == Boost::State::pending);
  CHECK(accepted->outlook.missing.find("the kernel's own scheduler runs") != std::string::npos);
  node.start();
  CHECK(node.map().size() == 1);
}
