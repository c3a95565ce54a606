// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "support/event_collector.hpp"
#include "unit/daemon/fakes.hpp"

namespace mus::test {
namespace {

using namespace std::chrono_literals;

/// Rules on a disk in memory.
class FakeRules final : public RulesStore {
 public:
  [[nodiscard]] bool changed() const override { return seen_ != text; }
  Result<std::string> load() override {
    seen_ = text;
    if (!text) return fail(Errc::not_found, "no rules");
    return *text;
  }
  Result<void> save(const std::string& document) override {
    if (error) return tl::unexpected(*error);
    text = seen_ = document;
    return {};
  }
  [[nodiscard]] bool paused() const override { return stopped; }
  Result<void> set_paused(bool paused) override {
    stopped = paused;
    return {};
  }
  [[nodiscard]] std::string path() const override { return "/etc/mus-scheduler/rules.json"; }

  /// As another daemon sees it.
  void begin() { seen_ = "never"; }

  std::optional<std::string> text;
  std::optional<Error> error;
  bool stopped = false;

 private:
  std::optional<std::string> seen_ = "never";
};

class FakeSignals final : public SignalFiles {
 public:
  Result<NetworkCounters> network(const Cgroup& cgroup) override {
    ++asked;
    const auto found = packets.find(cgroup.path);
    if (found == packets.end()) return fail(Errc::unsupported, "it uses the host's network, and has none of its own");
    return NetworkCounters{found->second, 0, 0, 0};
  }
  Result<std::uint64_t> pressure_us(const Cgroup& /*cgroup*/) override { return fail(Errc::unsupported, "psi=0"); }
  void close_unused() override {}

  std::map<std::string, std::uint64_t> packets;
  int asked = 0;
};

constexpr const char* kAsked = R"({"rules": [
  {"name": "asked", "for": {"pod": "redis-1", "namespace": "shop", "container": "server"},
   "when": {"signal": "received_packets", "above": 100}, "until": {"for": "2s"}, "cool_down": "1s", "weight": 8192}]})";

struct RuledNode : Node {
  FakeRules file;
  FakeSignals signals;
  EventCollector events;
  std::unique_ptr<MusService> daemon;
  std::string leaf = "/kubepods/podaa/c1aa";

  RuledNode() {
    service.stop();
    start();
  }
  void start() {
    file.begin();
    daemon.reset();
    scheduler.detach();
    MusServiceOptions options;
    options.dry_run = true;
    options.now = [this] { return now; };
    options.rules = &file;
    options.signals = &signals;
    options.events = &events;
    daemon = std::make_unique<MusService>(scheduler, pods, tree, std::move(options));
    (void)!daemon->start();
  }
  /// So many seconds with so many packets each.
  void pass(int seconds, std::uint64_t packets = 0) {
    for (int i = 0; i < seconds; ++i) {
      now += 1s;
      signals.packets[leaf] += packets;
      daemon->tick();
      (void)daemon->run_rules();
    }
  }
  [[nodiscard]] std::uint32_t weight(const std::string& path) const {
    const auto entries = map();
    const auto found = entries.find(id(path));
    return found == entries.end() ? 1024 : found->second.weight;
  }
};

TEST_CASE_METHOD(RuledNode, "a rule's boost stands in the map, in the list and in the status, with its rule's name") {
  file.text = kAsked;
  pass(2);
  CHECK(weight(leaf) == 1024);
  pass(1, 500);
  CHECK(weight(leaf) == 8192);
  const auto shown = daemon->boosts();
  REQUIRE(shown.size() == 1);
  CHECK(shown[0].rule == "asked");
  CHECK(shown[0].target.container == "server");
  CHECK(shown[0].state == Boost::State::applied);
  CHECK(shown[0].note.find("received_packets is 500/s") == 0);
  CHECK(daemon->status()->boosts.size() == 1);
  CHECK(daemon->rules()->states.at(0).acting == 1);
  CHECK(daemon->pods()->at(0).weight == 8192);
}

TEST_CASE_METHOD(RuledNode, "it ends with the load, and its events tell both") {
  file.text = kAsked;
  pass(2);
  pass(3, 500);
  pass(4);
  CHECK(weight(leaf) == 1024);
  const auto told = events.take();
  CHECK(std::ranges::count(told, EventKind::rule_fired, &Event::kind) == 1);
  CHECK(std::ranges::count(told, EventKind::rule_released, &Event::kind) == 1);
}

TEST_CASE_METHOD(RuledNode, "a request is before a rule, and its end gives way to it again") {
  file.text = kAsked;
  pass(2);
  pass(2, 500);
  auto request = boost_container("redis-1", "server");
  request.target.ns = "shop";
  request.weight = 2048;
  REQUIRE(daemon->prioritize(request));
  CHECK(weight(leaf) == 2048);
  pass(2, 500);
  CHECK(weight(leaf) == 2048);
  REQUIRE(daemon->reset(request.target));
  pass(1, 500);
  CHECK(weight(leaf) == 8192);
  const auto refused = daemon->reset(request.target);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().error.code == Errc::forbidden);
  CHECK(refused.error().error.message == "rule asked sets that boost");
}

TEST_CASE_METHOD(RuledNode, "a container that is restarted is boosted in its new directory") {
  file.text = kAsked;
  pass(2);
  pass(2, 500);
  tree.remove(leaf);
  leaf = "/kubepods/podaa/c9aa";
  tree.add(leaf);
  auto list = *pods.cached;
  list.pods[0].containers[0].id = "c9aa";
  pods.serve(list);
  daemon->follow();
  pass(2, 500);
  pass(1, 500);
  CHECK(weight(leaf) == 8192);
}

TEST_CASE_METHOD(RuledNode, "rules that are wrong change nothing, whether they are sent or come with the file") {
  file.text = kAsked;
  pass(2);
  pass(1, 500);
  const auto refused = daemon->set_rules("{\"rules\": [\n{}]}", false);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().error.code == Errc::invalid_argument);
  CHECK(refused.error().error.message.find("line 2: ") == 0);
  CHECK(file.text == kAsked);
  file.text = "nonsense";
  pass(2, 500);
  CHECK(weight(leaf) == 8192);
  CHECK(daemon->rules()->trouble.find("line 1") == 0);
  CHECK(daemon->rules()->document == kAsked);
  file.text = kAsked;
  pass(1, 500);
  CHECK(daemon->rules()->trouble.empty());
  CHECK(std::ranges::count(events.take(), EventKind::rule_released, &Event::kind) == 0);
}

TEST_CASE_METHOD(RuledNode, "rules that are sent are written to the file; where that cannot be, nothing changes") {
  REQUIRE(daemon->set_rules(kAsked, true));
  CHECK_FALSE(file.text);
  REQUIRE(daemon->set_rules(kAsked, false));
  CHECK(file.text == kAsked);
  file.error = Error{Errc::unavailable, "read-only", "mend it"};
  const auto refused = daemon->set_rules("{\"rules\": []}", false);
  REQUIRE_FALSE(refused);
  CHECK(daemon->rules()->rules == 1);
}

TEST_CASE_METHOD(RuledNode, "the kill switch acts at once, and holds over a restart of the daemon") {
  file.text = kAsked;
  pass(2);
  pass(1, 500);
  REQUIRE(daemon->pause_rules(true));
  CHECK(weight(leaf) == 1024);
  CHECK(daemon->boosts().empty());
  start();
  pass(3, 500);
  CHECK(weight(leaf) == 1024);
  CHECK(daemon->rules()->paused);
  REQUIRE(daemon->pause_rules(false));
  pass(2, 500);
  CHECK(weight(leaf) == 8192);
}

TEST_CASE_METHOD(RuledNode, "a file that is taken away takes its boosts with it") {
  file.text = kAsked;
  pass(2);
  pass(1, 500);
  file.text.reset();
  pass(1, 500);
  CHECK(weight(leaf) == 1024);
  CHECK(daemon->rules()->rules == 0);
}

TEST_CASE_METHOD(RuledNode, "boosts of rules come back with the scheduler") {
  file.text = kAsked;
  pass(2);
  pass(1, 500);
  REQUIRE(daemon->detach());
  pass(1, 500);
  CHECK(daemon->boosts().at(0).state == Boost::State::pending);
  REQUIRE(daemon->attach());
  CHECK(weight(leaf) == 8192);
}

TEST_CASE_METHOD(RuledNode, "what no rule goes by is not read, and a pod in the host's network is told of") {
  file.text = R"({"rules": [{"name": "waits", "for": {"pod": "redis-1"}, "target": {"run_delay_p99": "2ms"}}]})";
  pass(3);
  CHECK(signals.asked == 0);
  file.text = R"({"rules": [{"name": "n", "for": {"pod": "nginx"}, "weight": 2048,
                             "when": {"signal": "sent_bytes", "above": 1}}]})";
  pass(2);
  CHECK(signals.asked == 2);
  CHECK(daemon->rules()->states.at(0).note.find("shop/nginx: it uses the host's network") == 0);
}

TEST_CASE_METHOD(RuledNode, "a daemon without rules says so, and can neither set nor pause any") {
  CHECK(service.rules()->path.empty());
  CHECK(service.set_rules(kAsked, false).error().error.code == Errc::unsupported);
  CHECK(service.pause_rules(true).error().error.code == Errc::unsupported);
  CHECK_FALSE(service.run_rules());
}

}  // namespace
}  // namespace mus::test
