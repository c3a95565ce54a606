// SPDX-License-Identifier: Apache-2.0
#include "pods/runtime_source.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <thread>
#include <vector>

#include "support/fake_kubelet_client.hpp"
#include "support/runtime_host.hpp"
#include "unit/pods/names.hpp"

using namespace mus;
using namespace std::chrono_literals;
using Freshness = PodSource::Freshness;
using namespace mus::test;

namespace {

const HostContainer sandbox{"shop", "redis-7d9f-x2", pod_uid, "", long_id("5a")};
const HostContainer redis{"shop", "redis-7d9f-x2", pod_uid, "redis", long_id("ed15")};
const HostContainer exporter{"shop", "redis-7d9f-x2", pod_uid, "exporter", long_id("e4")};

struct Host {
  RuntimeHost files;
  ManualClock clock;
  RuntimeSource source;

  explicit Host(RuntimeLimits limits = {})
      : source{{.host_root = files.root(), .node = "node1", .limits = limits}, clock.function()} {}

  PodList list() {
    clock.advance(1s);
    const auto answer = source.list(Freshness::fresh);
    INFO((answer ? "" : answer.error().message));
    REQUIRE(answer.has_value());
    return **answer;
  }
  Error error() {
    clock.advance(1s);
    const auto answer = source.list(Freshness::fresh);
    REQUIRE_FALSE(answer.has_value());
    return answer.error();
  }
};

/// "name=id" of each container, and "!" for those that are not known to run.
std::string containers(const Pod& pod) {
  std::string text;
  for (const auto& one : pod.containers) {
    text += (text.empty() ? "" : " ") + one.name + "=" + one.id.substr(0, one.id.find('0')) + (one.running ? "" : "!");
  }
  return text;
}

}  // namespace

TEST_CASE("pods and their containers are put together from the bundles of every runtime") {
  for (const auto& place : {RuntimeHost::containerd, RuntimeHost::k3s, RuntimeHost::k0s, RuntimeHost::crio}) {
    INFO(place);
    Host host;
    for (const auto& one : {sandbox, redis, exporter}) host.files.bundle(place, one);
    host.files.bundle(place, {"test", "only-sandbox", other_uid, "", long_id("5b")});
    const auto list = host.list();
    REQUIRE(list.pods.size() == 2);
    const auto& pod = list.pods[0];
    CHECK(pod.ns == "shop");
    CHECK(pod.name == "redis-7d9f-x2");
    CHECK(pod.uid == pod_uid);
    CHECK(pod.config_hash.empty());
    CHECK(pod.node == "node1");
    CHECK_FALSE(pod.is_static);
    CHECK_FALSE(pod.terminating);
    CHECK(pod.labels.empty());
    CHECK(containers(pod) == "exporter=e4 redis=ed15");
    CHECK(list.pods[1].name == "only-sandbox");
    CHECK(list.pods[1].containers.empty());
    CHECK_FALSE(list.no_labels.empty());
    CHECK(list.incomplete.empty());
    CHECK(host.source.state().last_error.empty());
    CHECK(host.source.state().last_success == list.fetched_at);
    CHECK_FALSE(host.source.state().labels);
  }
}

TEST_CASE("a static pod is known by its uid, which is the hash that its cgroup is named after") {
  Host host;
  host.files.bundle(RuntimeHost::containerd, {"default", "redis-node1", static_uid, "redis", long_id("ed15")});
  const auto pod = host.list().pods.at(0);
  CHECK(pod.is_static);
  CHECK(pod.uid == static_uid);
  CHECK(pod.config_hash == static_uid);
  CHECK(pod.node == "node1");
}

TEST_CASE("a container that was started again is the new one, whatever else is left of the old") {
  Host host;
  host.files.bundle(RuntimeHost::containerd, sandbox);
  host.files.bundle(RuntimeHost::containerd, redis);
  host.files.link(redis);
  CHECK(containers(host.list().pods.at(0)) == "redis=ed15");

  // It ends: containerd removes the bundle, the kubelet's link stays. Its name does, too.
  host.files.remove_bundle(RuntimeHost::containerd, redis.id);
  CHECK(containers(host.list().pods.at(0)) == "redis=ed15!");
  auto again = redis;
  again.id = long_id("ed16");
  again.restarts = 1;
  host.files.bundle(RuntimeHost::containerd, again);
  CHECK(containers(host.list().pods.at(0)) == "redis=ed16");
  host.files.link(again);
  host.files.remove_bundle(RuntimeHost::containerd, again.id);
  CHECK(containers(host.list().pods.at(0)) == "redis=ed16!");

  // CRI-O keeps the bundles of both.
  Host crio;
  auto third = redis;
  third.restarts = 10;
  third.id = long_id("ed11");
  for (const auto& one : {sandbox, third, again, redis}) crio.files.bundle(RuntimeHost::crio, one);
  CHECK(containers(crio.list().pods.at(0)) == "redis=ed11");
}

TEST_CASE("links of pods that are gone are not pods, unless there is nothing but links") {
  Host host;
  host.files.bundle(RuntimeHost::containerd, sandbox);
  host.files.make(RuntimeHost::crio);
  host.files.link({"shop", "gone", other_uid, "app", long_id("6")});
  CHECK(host.list().pods.size() == 1);
  CHECK(host.list().incomplete.empty());

  Host docker;
  docker.files.make(RuntimeHost::containerd);
  docker.files.link(redis);
  auto again = redis;
  again.id = long_id("ed16");
  again.restarts = 1;
  docker.files.link(again);
  docker.files.write(RuntimeHost::links + "/not-a-link.log", "x");
  const auto list = docker.list();
  REQUIRE(list.pods.size() == 1);
  CHECK(containers(list.pods[0]) == "redis=ed16!");
  CHECK(has(list.incomplete, "links"));
  CHECK(has(docker.source.state().name, "links"));
}

TEST_CASE("of two pods of one name the older one is on its way out") {
  Host host;
  auto old = sandbox;
  old.uid = other_uid;
  old.id = long_id("5c");
  host.files.bundle(RuntimeHost::crio, sandbox);
  host.files.bundle(RuntimeHost::crio, old);
  const auto file = host.files.path() / RuntimeHost::config_path(RuntimeHost::crio, old.id);
  std::filesystem::last_write_time(file, std::filesystem::last_write_time(file) - 1min);
  const auto list = host.list();
  REQUIRE(list.pods.size() == 2);
  for (const auto& pod : list.pods) CHECK(pod.terminating == (pod.uid == other_uid));
}

TEST_CASE("bundles that cannot be used are left out and told of, and looked at again") {
  Host host;
  host.files.bundle(RuntimeHost::containerd, sandbox);
  host.files.bundle(RuntimeHost::containerd, redis);
  const auto half = RuntimeHost::config(RuntimeHost::containerd, exporter).substr(0, 500);
  host.files.write(RuntimeHost::config_path(RuntimeHost::containerd, exporter.id), half);
  host.files.make(RuntimeHost::containerd + "/" + long_id("7"));  // config.json is not written yet
  host.files.write(RuntimeHost::config_path(RuntimeHost::containerd, long_id("8")), "{}");  // ctr's
  host.files.write(RuntimeHost::containerd + "/odd name/config.json", "{");
  auto list = host.list();
  CHECK(containers(list.pods.at(0)) == "redis=ed15");
  CHECK(has(list.incomplete, exporter.id));
  CHECK(has(host.source.state().note, exporter.id));

  host.files.bundle(RuntimeHost::containerd, exporter);
  host.files.bundle(RuntimeHost::containerd, {"test", "late", other_uid, "app", long_id("7")});
  list = host.list();
  CHECK(list.pods.size() == 2);
  CHECK(containers(list.pods.at(0)) == "exporter=e4 redis=ed15");
  CHECK(list.incomplete.empty());
  CHECK(host.source.state().note.empty());

  auto forged = exporter;
  forged.id = long_id("9");
  forged.cgroups_path = "/kubepods/pod" + other_uid + "/" + forged.id;
  host.files.bundle(RuntimeHost::containerd, forged);
  CHECK(has(host.list().incomplete, "different pods"));
}

TEST_CASE("links among the bundles are not followed") {
  const RuntimeHost elsewhere;
  elsewhere.bundle(RuntimeHost::containerd, redis);
  const auto target = elsewhere.path() / RuntimeHost::containerd / redis.id;

  Host directory;
  directory.files.make(RuntimeHost::containerd);
  std::filesystem::create_directory_symlink(target, directory.files.path() / RuntimeHost::containerd / redis.id);
  CHECK(directory.list().pods.empty());
  CHECK_FALSE(directory.source.identify(redis.id).has_value());

  Host file;
  file.files.make(RuntimeHost::containerd + "/" + redis.id);
  std::filesystem::create_symlink(target / "config.json",
                                  file.files.path() / RuntimeHost::containerd / redis.id / "config.json");
  CHECK(file.list().pods.empty());
  CHECK(has(file.list().incomplete, "link"));
  CHECK(file.source.identify(redis.id).error().code == Errc::protocol);

  Host place;
  place.files.make("run");
  std::filesystem::create_directory_symlink(elsewhere.path() / "run/containerd", place.files.path() / "run/containerd");
  CHECK_FALSE(place.source.list(Freshness::fresh).has_value());
}

TEST_CASE("what is no file, or too large, does no harm") {
  Host host;
  host.files.bundle(RuntimeHost::containerd, redis);
  host.files.make(RuntimeHost::containerd + "/" + long_id("7"));
  const auto fifo = host.files.path() / RuntimeHost::config_path(RuntimeHost::containerd, long_id("7"));
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  host.files.write(RuntimeHost::config_path(RuntimeHost::containerd, long_id("8")),
                   std::string(kMostBundleBytes + 1, ' '));
  const auto list = host.list();
  CHECK(list.pods.size() == 1);
  CHECK(has(list.incomplete, "and 1 more"));
}

TEST_CASE("more entries than are read make the list incomplete") {
  Host host{{.bundles = 2, .links = 2}};
  for (const auto& one : {sandbox, redis, exporter}) host.files.bundle(RuntimeHost::containerd, one);
  const auto list = host.list();
  CHECK(list.pods.size() == 1);
  CHECK(has(list.incomplete, "more than 2"));
}

TEST_CASE("without any runtime, or rights to read, the error says what to do") {
  Host host;
  const auto none = host.error();
  CHECK(none.code == Errc::unsupported);
  CHECK(has(none.message, host.files.root()));
  CHECK(has(none.advice, "--host-root"));
  CHECK(has(none.advice, "--kubelet-url"));
  CHECK(has(host.source.state().last_error, "--host-root"));
  CHECK(host.source.known() == nullptr);
  host.files.make(RuntimeHost::containerd);
  CHECK(host.list().pods.empty());
  CHECK(has(host.list().incomplete, "no container of a pod"));  // or the directory is here, and the runtime is not

  if (geteuid() == 0) return;  // for whom modes are no obstacle
  Host closed;
  closed.files.make(RuntimeHost::containerd);
  std::filesystem::permissions(closed.files.path() / RuntimeHost::containerd, std::filesystem::perms::none);
  CHECK(has(closed.error().advice, "root"));
  std::filesystem::permissions(closed.files.path() / RuntimeHost::containerd, std::filesystem::perms::owner_all);
}

TEST_CASE("cached readers share a look for five seconds, fresh ones for a fifth of one") {
  Host host;
  host.files.bundle(RuntimeHost::containerd, redis);
  const auto first = host.list();
  CHECK(host.source.known()->pods == first.pods);
  host.files.bundle(RuntimeHost::containerd, exporter);
  const auto look = [&](Freshness freshness) {
    return host.source.list(freshness).value()->pods.at(0).containers.size();
  };
  host.clock.advance(199ms);
  CHECK(look(Freshness::fresh) == 1);
  host.clock.advance(1ms);
  CHECK(look(Freshness::cached) == 1);
  CHECK(look(Freshness::fresh) == 2);
  host.files.remove_bundle(RuntimeHost::containerd, exporter.id);
  host.clock.advance(4'999ms);
  CHECK(look(Freshness::cached) == 2);
  host.clock.advance(1ms);
  CHECK(look(Freshness::cached) == 1);
  host.clock.advance(301s);
  CHECK(host.source.known() == nullptr);
}

TEST_CASE("one bundle identifies its container, without a list") {
  Host host;
  for (const auto& one : {sandbox, redis}) host.files.bundle(RuntimeHost::containerd, one);
  host.files.bundle(RuntimeHost::crio, exporter);
  const auto found = host.source.identify(redis.id);
  REQUIRE(found.has_value());
  CHECK(*found == ContainerIdentity{redis.id, "shop", "redis-7d9f-x2", pod_uid, "redis", false});
  CHECK(host.source.identify(sandbox.id).value() ==
        ContainerIdentity{sandbox.id, "shop", "redis-7d9f-x2", pod_uid, "", true});
  CHECK(host.source.identify(exporter.id).value().container == "exporter");
  CHECK(host.source.known() == nullptr);

  CHECK(host.source.identify(long_id("7")).error().code == Errc::not_found);
  for (const std::string& bad : {std::string{}, std::string{".."}, "../" + redis.id, redis.id + "/..",
                                 std::string(65, 'a'), std::string{"redis"}}) {
    INFO(bad);
    CHECK(host.source.identify(bad).error().code == Errc::invalid_argument);
  }
  host.files.write(RuntimeHost::config_path(RuntimeHost::containerd, long_id("8")), "{");
  CHECK(host.source.identify(long_id("8")).error().code == Errc::protocol);
  host.files.remove_bundle(RuntimeHost::containerd, redis.id);
  CHECK(host.source.identify(redis.id).error().code == Errc::not_found);
}

TEST_CASE("a full node is read in a moment, and the next look reads only what is new") {
  Host host;
  for (int pod = 0; pod < 250; ++pod) {
    const auto number = std::to_string(1000 + pod);
    HostContainer one{"load", "pod-" + number, "aaaaaaaa-0000-4000-8000-00000000" + number, "", {}};
    for (const std::string container : {"", "a", "b", "c"}) {
      one.container = container;
      one.id = long_id((container.empty() ? "d" : container) + number);
      host.files.bundle(RuntimeHost::containerd, one);
    }
  }
  CHECK(host.list().pods.size() == 250);
  const auto broken = host.files.path() / RuntimeHost::config_path(RuntimeHost::containerd, long_id("a1000"));
  std::filesystem::resize_file(broken, 0);  // not looked at again
  const auto start = Clock::now();
  const auto list = host.list();
  CHECK(Clock::now() - start < 1s);
  CHECK(list.pods.size() == 250);
  CHECK(std::all_of(list.pods.begin(), list.pods.end(), [](const Pod& pod) { return pod.containers.size() == 3; }));
  CHECK(list.incomplete.empty());
}

TEST_CASE("lists, identities and states may be asked for by many threads at once") {
  RuntimeHost files;
  for (const auto& one : {sandbox, redis, exporter}) files.bundle(RuntimeHost::containerd, one);
  RuntimeSource source{{.host_root = files.root(), .node = "n", .cache_ttl = 0ms, .fresh_interval = 0ms}};
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 50; ++round) {
        const auto list = source.list(i % 2 ? Freshness::fresh : Freshness::cached);
        if (list && (*list)->pods.size() == 1 && source.identify(redis.id) && source.known()) ++good;
        (void)source.states();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(good == 400);
}
