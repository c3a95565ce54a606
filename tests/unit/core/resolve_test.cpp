// SPDX-License-Identifier: Apache-2.0
#include "core/resolve.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <random>
#include <set>
#include <string>

using namespace mus;

namespace {

Pod make(const std::string& ns, const std::string& name, const std::string& uid,
         const std::map<std::string, std::string>& labels = {}, const std::vector<std::string>& containers = {"app"}) {
  Pod pod;
  pod.ns = ns;
  pod.name = name;
  pod.uid = uid;
  pod.node = "node1";
  pod.labels = labels;
  for (const auto& container : containers)
    pod.containers.push_back({container, "id-" + uid, Container::Kind::regular, true});
  return pod;
}

Target by_name(const std::string& name, const std::string& ns = {}, const std::string& container = {}) {
  Target target;
  target.pod = name;
  target.ns = ns;
  target.container = container;
  return target;
}

/// The uids found, or the error's code and candidates, as one line: a table's right side.
std::string outcome(const std::vector<Pod>& pods, const Target& target) {
  const auto found = resolve({pods, {}}, target);
  std::string text;
  if (found) {
    for (const auto& match : *found) {
      text += (text.empty() ? "" : " ") + match.pod.uid;
      if (match.container) text.append("/").append(match.container->name);
    }
    return text;
  }
  switch (found.error().error.code) {
    case Errc::not_found:
      text = "not_found";
      break;
    case Errc::ambiguous:
      text = "ambiguous";
      break;
    case Errc::unavailable:
      text = "unavailable";
      break;
    case Errc::invalid_argument:
      text = "invalid";
      break;
    default:
      text = "other";
      break;
  }
  CHECK_FALSE(found.error().error.message.empty());
  CHECK_FALSE(found.error().error.advice.empty());
  for (const auto& candidate : found.error().candidates) text.append(" ").append(candidate);
  return text;
}

}  // namespace

TEST_CASE("an exact name wins over labels, a label over nothing, and only whole words count") {
  const std::vector<Pod> pods{make("shop", "redis", "u1"), make("shop", "redis-7d9f-x2", "u2", {{"app", "redis"}}),
                              make("shop", "cache-0", "u3", {{"app.kubernetes.io/name", "cache"}}),
                              make("shop", "web-1", "u4", {{"app", "web"}, {"app.kubernetes.io/name", "frontend"}})};
  CHECK(outcome(pods, by_name("redis")) == "u1");
  CHECK(outcome({pods.begin() + 1, pods.end()}, by_name("redis")) == "u2");
  CHECK(outcome(pods, by_name("redis-7d9f-x2")) == "u2");
  CHECK(outcome(pods, by_name("cache")) == "u3");
  CHECK(outcome(pods, by_name("web")) == "u4");
  CHECK(outcome(pods, by_name("frontend")) == "u4");
  for (const std::string nothing : {"redi", "redis-7d9f", "cache-", "Redis", "*", "0", "batch"}) {
    INFO(nothing);
    CHECK(outcome(pods, by_name(nothing)) == "not_found");
  }
}

TEST_CASE("a static pod answers to its name without the node's, an ordinary pod does not") {
  auto redis = make("default", "redis-node1", "u1");
  CHECK(outcome({redis}, by_name("redis")) == "not_found");
  redis.is_static = true;
  CHECK(outcome({redis}, by_name("redis")) == "u1");
  CHECK(outcome({redis}, by_name("redis-node1")) == "u1");
  CHECK(outcome({redis}, by_name("redis-")) == "not_found");
  redis.node = "node2";
  CHECK(outcome({redis}, by_name("redis")) == "not_found");
  redis.node.clear();
  CHECK(outcome({redis}, by_name("redis-node1")) == "u1");
  CHECK(outcome({redis}, by_name("redis")) == "not_found");
}

TEST_CASE("namespace, uid and label narrow; a mirror pod also has the uid of its config hash") {
  std::vector<Pod> pods{make("a", "redis", "u1", {{"tier", "x"}}), make("b", "redis", "u2", {{"tier", "y"}})};
  CHECK(outcome(pods, by_name("redis", "b")) == "u2");
  CHECK(outcome(pods, by_name("redis", "c")) == "not_found");
  Target target = by_name("redis");
  target.uid = "u1";
  CHECK(outcome(pods, target) == "u1");
  pods[1].config_hash = "hash";
  target.uid = "hash";
  CHECK(outcome(pods, target) == "u2");
  target.pod.clear();
  CHECK(outcome(pods, target) == "u2");
  target.uid.clear();
  target.label = "tier=y";
  CHECK(outcome(pods, target) == "u2");
  target.pod = "redis";
  CHECK(outcome(pods, target) == "u2");
  target.ns = "a";
  CHECK(outcome(pods, target) == "not_found");
  target = {};
  target.label = "tier=";
  CHECK(outcome(pods, target) == "not_found");
  pods[0].labels["tier"] = "";
  CHECK(outcome(pods, target) == "u1");
}

TEST_CASE("several are ambiguous and listed in order, unless all are meant") {
  const std::map<std::string, std::string> app{{"app", "redis"}};
  const std::vector<Pod> pods{make("z", "redis-2", "u3", app), make("a", "redis-1", "u2", app, {"app", "log"}),
                              make("a", "redis-0", "u1", app)};
  auto target = by_name("redis");
  CHECK(outcome(pods, target) == "ambiguous a/redis-0 a/redis-1 z/redis-2");
  target.container = "app";
  CHECK(outcome(pods, target) == "ambiguous a/redis-0/app a/redis-1/app z/redis-2/app");
  target.all = true;
  CHECK(outcome(pods, target) == "u1/app u2/app u3/app");
  target.container.clear();
  CHECK(outcome(pods, target) == "u1 u2 u3");
  target.ns = "a";
  CHECK(outcome(pods, target) == "u1 u2");
  // The container may be what tells them apart.
  CHECK(outcome(pods, by_name("redis", "", "log")) == "u2/log");
}

TEST_CASE("of two pods of one name the one that stays is meant; two that stay are told apart by uid") {
  std::vector<Pod> pods{make("a", "db-0", "old"), make("a", "db-0", "new")};
  CHECK(outcome(pods, by_name("db-0")) == "ambiguous a/db-0 (uid new) a/db-0 (uid old)");
  pods[0].terminating = true;
  CHECK(outcome(pods, by_name("db-0")) == "new");
  auto target = by_name("db-0");
  target.all = true;
  CHECK(outcome(pods, target) == "new");
  target.uid = "old";
  CHECK(outcome(pods, target) == "old");
  pods[1].ns = "b";  // no twin: another namespace
  CHECK(outcome(pods, by_name("db-0")) == "ambiguous a/db-0 b/db-0");
  pods.pop_back();
  CHECK(outcome(pods, by_name("db-0")) == "old");
}

TEST_CASE("an unknown container is answered with those that there are") {
  const std::vector<Pod> pods{make("a", "web", "u1", {}, {"sidecar", "app"})};
  CHECK(outcome(pods, by_name("web", "", "app")) == "u1/app");
  CHECK(outcome(pods, by_name("web", "", "apps")) == "not_found a/web/app a/web/sidecar");
  CHECK(outcome({make("a", "bare", "u2", {}, {})}, by_name("bare", "", "x")) == "not_found");
}

TEST_CASE("a container that is not created yet is a matter of a second, and others do not wait for it") {
  std::vector<Pod> pods{make("a", "redis-0", "u1", {{"app", "redis"}}), make("a", "redis-1", "u2", {{"app", "redis"}})};
  pods[0].containers[0].id.clear();
  const auto starting = resolve({pods, {}}, by_name("redis-0", "", "app"));
  REQUIRE_FALSE(starting.has_value());
  CHECK(starting.error().error.code == Errc::unavailable);
  CHECK(starting.error().error.message.find("a/redis-0/app is starting") != std::string::npos);
  CHECK(starting.error().retry_after == std::chrono::seconds{1});
  CHECK(outcome(pods, by_name("redis-0")) == "u1");  // the pod's cgroup is there before its containers
  auto all = by_name("redis", "", "app");
  CHECK(outcome(pods, all) == "ambiguous a/redis-0/app a/redis-1/app");
  all.all = true;
  CHECK(outcome(pods, all) == "u2/app");
  pods[1].containers[0].id.clear();
  CHECK(outcome(pods, all) == "unavailable");
}

TEST_CASE("what a list does not have it does not deny: labels") {
  PodList list;
  list.pods = {make("a", "redis-node1", "u1"), make("a", "web", "u2")};
  list.pods[0].is_static = true;
  CHECK(list.complete());
  list.no_labels = "the kubelet is away";
  CHECK_FALSE(list.complete());
  const auto error = [&](const Target& target) {
    const auto found = resolve(list, target);
    REQUIRE_FALSE(found.has_value());
    return found.error().error;
  };
  // By whole names, uids and static pods' names nothing is missing.
  CHECK(resolve(list, by_name("web")).value().at(0).pod.uid == "u2");
  CHECK(resolve(list, by_name("redis")).value().at(0).pod.uid == "u1");
  Target uid;
  uid.uid = "u2";
  CHECK(resolve(list, uid).has_value());
  uid.uid = "u3";
  CHECK(error(uid).code == Errc::not_found);
  CHECK(error(by_name("web", "b")).code == Errc::not_found);  // nobody is there who might have the label

  Target label;
  label.label = "app=web";
  for (const auto& target : {label, by_name("shop"), by_name("shop", "a", "app")}) {
    CHECK(error(target).code == Errc::unavailable);
    CHECK(error(target).message == "no source that knows labels answers: the kubelet is away");
    CHECK(error(target).advice.find("full name") != std::string::npos);
  }
  label.pod = "web";  // there, but does it have the label?
  CHECK(error(label).code == Errc::unavailable);
  auto all = by_name("redis");
  all.all = true;  // others may have the label
  CHECK(error(all).code == Errc::unavailable);
  all.pod = "web";
  CHECK(resolve(list, all).value().size() == 1);

  // Such a list has the containers of the moment: one may be between two starts.
  const auto container = resolve(list, by_name("web", "", "worker"));
  CHECK(container.error().error.code == Errc::unavailable);
  CHECK(container.error().candidates == std::vector<std::string>{"a/web/app"});
}

TEST_CASE("what a list does not have it does not deny: pods") {
  PodList list;
  list.pods = {make("a", "web", "u1")};
  list.incomplete = "a file cannot be read";
  CHECK(resolve(list, by_name("web")).has_value());
  for (const auto& target : {by_name("redis"), by_name("web", "b"), by_name("web", "", "worker")}) {
    const auto error = resolve(list, target).error().error;
    CHECK(error.code == Errc::unavailable);
    CHECK(error.message.find("a file cannot be read") != std::string::npos);
  }
  list.incomplete.clear();
  CHECK(resolve(list, by_name("redis")).error().error.code == Errc::not_found);
}

TEST_CASE("a target that names no pod is refused") {
  const std::vector<Pod> pods{make("a", "x", "u")};
  CHECK(outcome(pods, {}) == "invalid");
  Target only_all;
  only_all.all = true;
  only_all.ns = "a";
  CHECK(outcome(pods, only_all) == "invalid");
  Target unit;
  unit.kind = Target::Kind::unit;
  unit.unit = "x";
  unit.pod = "x";
  CHECK(outcome(pods, unit) == "invalid");
  for (const std::string label : {"app", "=x", "="}) {
    Target target;
    target.label = label;
    CHECK(outcome(pods, target) == "invalid");
  }
}

TEST_CASE("a label alone means all that have it; with a name or a uid it narrows") {
  const std::map<std::string, std::string> app{{"app", "redis"}};
  const std::vector<Pod> pods{make("a", "redis-0", "u1", app), make("b", "redis-0", "u2", app)};
  Target target;
  target.label = "app=redis";
  CHECK(outcome(pods, target) == "u1 u2");
  target.container = "app";
  CHECK(outcome(pods, target) == "u1/app u2/app");
  target.pod = "redis-0";
  CHECK(outcome(pods, target) == "ambiguous a/redis-0/app b/redis-0/app");
}

TEST_CASE("for any list and target: what is found passes every filter, order does not matter, one or all") {
  std::mt19937 random{20261122};  // the same in every run
  const auto pick = [&](const std::vector<std::string>& from) {
    return from[std::uniform_int_distribution<std::size_t>{0, from.size() - 1}(random)];
  };
  const auto chance = [&](int of) { return std::uniform_int_distribution{1, of}(random) == 1; };
  int resolved = 0;
  for (int round = 0; round < 5000; ++round) {
    std::vector<Pod> pods;
    for (int i = 0, n = std::uniform_int_distribution{0, 6}(random); i < n; ++i) {
      auto pod = make(pick({"a", "b"}), pick({"redis", "redis-0", "redis-node1", "web"}), "u" + std::to_string(i));
      if (chance(2)) pod.labels[pick({"app", "app.kubernetes.io/name", "tier"})] = pick({"redis", "web"});
      pod.is_static = chance(3);
      pod.terminating = chance(3);
      if (chance(3))
        pod.containers.push_back({pick({"log", "proxy"}), chance(2) ? "" : "id", Container::Kind::sidecar, true});
      pods.push_back(std::move(pod));
    }
    Target target;
    target.pod = pick({"redis", "redis-0", "web", ""});
    target.ns = pick({"", "", "a", "b"});
    target.container = pick({"", "", "app", "log"});
    target.uid = pick({"", "", "", "u1"});
    target.label = pick({"", "", "app=redis", "tier=web"});
    target.all = chance(2);

    const auto found = resolve({pods, {}}, target);
    auto shuffled = pods;
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    CHECK(outcome(shuffled, target) == outcome(pods, target));
    if (!found) continue;
    ++resolved;
    REQUIRE_FALSE(found->empty());
    if (!takes_all(target)) CHECK(found->size() == 1);
    bool exact = false;
    std::set<std::string> uids;
    for (const auto& [pod, container] : *found) {
      CHECK(uids.insert(pod.uid).second);
      CHECK(std::find(pods.begin(), pods.end(), pod) != pods.end());
      if (!target.ns.empty()) CHECK(pod.ns == target.ns);
      if (!target.uid.empty()) CHECK(pod.uid == target.uid);
      if (target.label == "app=redis") CHECK(pod.labels.at("app") == "redis");
      CHECK(container.has_value() == !target.container.empty());
      if (container) {
        CHECK(container->name == target.container);
        CHECK_FALSE(container->id.empty());
      }
      exact = exact || pod.name == target.pod;
    }
    // Exact names and other matches are never mixed.
    if (exact)
      CHECK(std::all_of(found->begin(), found->end(), [&](const Match& m) { return m.pod.name == target.pod; }));
    // What resolves without `all` resolves to the same with it; adding the uid found changes nothing.
    if (!takes_all(target)) {
      auto again = target;
      again.all = true;
      CHECK(resolve({pods, {}}, again).value() == *found);
      again.uid = found->front().pod.uid;
      CHECK(resolve({pods, {}}, again).value() == *found);
    }
  }
  CHECK(resolved > 500);
}
