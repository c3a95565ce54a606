// SPDX-License-Identifier: Apache-2.0
// What one boost acts on: restarts, rollouts, twins, lists that are old or missing.
#include <catch2/catch_test_macros.hpp>

#include "unit/core/desired_builders.hpp"

using namespace mus;
using namespace mus::test;

namespace {

using Ids = std::vector<std::uint64_t>;

Reach look(const SmallNode& node, const DesiredBoost& boost, const Reach& before = {}) {
  const NodeIndex index(node.view);
  return reach_of(boost, before, index);
}

}  // namespace

TEST_CASE("a pod is its directory, a container that which has its id", "[reach]") {
  SmallNode node;
  node.directory("aa", {"c1", "c2"});
  node.list.pods = {listed_pod("shop", "redis", "aa", {{"server", "c1"}, {"log", "c2"}})};
  node.told();
  const auto whole = look(node, wish(pod_target("redis")));
  CHECK(ids_of(whole) == Ids{100});
  CHECK(whole.cgroups[0].pod == "redis");
  CHECK(whole.cgroups[0].uid == "aa");
  CHECK(whole.look == 1);
  const auto container = look(node, wish(pod_target("redis", "", "log")));
  CHECK(ids_of(container) == Ids{102});
  CHECK(container.cgroups[0].container == "log");
}

TEST_CASE("a static pod's directory is named after its config hash, and of several the one in use counts", "[reach]") {
  SmallNode node;
  node.directory("hash", {}, "/kubepods");
  node.directory("hash", {"c1"}, "/kubepods.slice/x");
  auto pod = listed_pod("kube-system", "etcd-node", "uid", {{"etcd", "c1"}});
  pod.config_hash = "hash";
  node.list.pods = {pod};
  node.told();
  CHECK(ids_of(look(node, wish(pod_target("etcd-node")))) == Ids{101});
  CHECK(ids_of(look(node, wish(pod_target("etcd-node", "", "etcd")))) == Ids{102});
}

TEST_CASE("a container that starts is waited for, and one that was restarted is followed", "[reach]") {
  SmallNode node;
  node.directory("aa");
  node.list.pods = {listed_pod("shop", "redis", "aa", {{"server", ""}})};
  node.told();
  const auto boost = wish(pod_target("redis", "", "server"));
  const auto starting = look(node, boost);
  CHECK(starting.cgroups.empty());
  CHECK(starting.waiting);
  CHECK(starting.pending == "shop/redis/server has no cgroup: it is starting, or has just ended");

  node.view.directories.clear();
  node.directory("aa", {"c9"});
  node.list.pods = {listed_pod("shop", "redis", "aa", {{"server", "c9"}})};
  node.told();
  const auto running = look(node, boost, starting);
  CHECK(ids_of(running) == Ids{102});
  CHECK(running.pending.empty());
  CHECK(running.ever);
  CHECK_FALSE(starting.ever);
}

TEST_CASE("the runtime's files tell of a restarted container before the list does", "[reach]") {
  SmallNode node;
  node.directory("aa", {"c9", "5a"});
  node.list.pods = {listed_pod("shop", "redis", "aa", {{"server", "c1"}, {"log", "c2"}})};
  node.view.identities = {{"c9", "shop", "redis", "aa", "server", false}, {"5a", "shop", "redis", "aa", "", true}};
  node.told();
  CHECK(ids_of(look(node, wish(pod_target("redis", "", "server")))) == Ids{101});
  CHECK(look(node, wish(pod_target("redis", "", "log"))).cgroups.empty());
  SECTION("also with no list at all, for what is named in full") {
    node.view.list.reset();
    CHECK(ids_of(look(node, wish(pod_target("redis", "shop", "server")))) == Ids{101});
    CHECK(ids_of(look(node, wish(pod_target("redis", "shop")))) == Ids{100});
  }
}

TEST_CASE("a pod that is made again under its name is followed as soon as it is seen", "[reach]") {
  SmallNode node;
  node.directory("old", {"c1"});
  node.list.pods = {listed_pod("shop", "redis-0", "old", {{"server", "c1"}})};
  node.told();
  const auto boost = wish(pod_target("redis-0", "shop", "server"));
  const auto before = look(node, boost);
  CHECK(ids_of(before) == Ids{101});
  node.view.directories.clear();
  node.directory("new", {"c2"});
  SECTION("by the runtime's files, while the list has the old one") {
    node.view.identities = {{"c2", "shop", "redis-0", "new", "server", false}};
    const auto after = look(node, boost, before);
    CHECK(ids_of(after) == Ids{103});
    CHECK(after.cgroups[0].uid == "new");
  }
  SECTION("by the list") {
    node.list.pods = {listed_pod("shop", "redis-0", "new", {{"server", "c2"}})};
    node.told();
    CHECK(ids_of(look(node, boost, before)) == Ids{103});
  }
}

TEST_CASE("a rollout is followed: the pod that stays is meant, and of two that stay the one that it was", "[reach]") {
  SmallNode node;
  auto old_pod = listed_pod("shop", "redis-5d-a", "aa", {{"server", "c1"}});
  auto new_pod = listed_pod("shop", "redis-7f-b", "bb", {{"server", "c2"}});
  old_pod.labels["app"] = new_pod.labels["app"] = "redis";
  node.directory("aa", {"c1"});
  node.list.pods = {old_pod};
  node.told();
  const auto boost = wish(pod_target("redis"));
  const auto first = look(node, boost);
  CHECK(ids_of(first) == Ids{100});

  node.directory("bb", {"c2"});
  node.list.pods = {new_pod, old_pod};
  node.told();
  const auto both = look(node, boost, first);
  CHECK(ids_of(both) == Ids{100});
  node.list.pods[1].terminating = true;
  node.told();
  CHECK(ids_of(look(node, boost, both)) == Ids{102});

  SECTION("with no past nobody can say") {
    node.list.pods[1].terminating = false;
    node.told();
    const auto unclear = look(node, boost);
    CHECK(unclear.cgroups.empty());
    CHECK(unclear.pending.find("2 pods match now: shop/redis-5d-a, shop/redis-7f-b") != std::string::npos);
  }
  SECTION("all=true, and a label alone, take both") {
    node.list.pods[1].terminating = false;
    node.told();
    auto all = boost;
    all.target.all = true;
    CHECK(ids_of(look(node, all, both)) == Ids{100, 102});
    Target label;
    label.label = "app=redis";
    CHECK(ids_of(look(node, wish(label))) == Ids{100, 102});
  }
}

TEST_CASE("of several that are meant, those that are there do not wait for the others", "[reach]") {
  SmallNode node;
  node.directory("aa", {"c1"});
  node.list.pods = {listed_pod("a", "redis", "aa", {{"server", "c1"}}),
                    listed_pod("b", "redis", "bb", {{"server", ""}})};
  node.told();
  auto boost = wish(pod_target("redis", "", "server"));
  boost.target.all = true;
  const auto reach = look(node, boost);
  CHECK(ids_of(reach) == Ids{101});
  CHECK(reach.note == "1 of 2 matches have no cgroup yet, one is b/redis/server");
  CHECK(reach.waiting);
  CHECK(reach.pending.empty());
}

TEST_CASE("what a boost acts on stays while its directory is there and the list does not know better", "[reach]") {
  SmallNode node;
  node.directory("aa", {"c1"});
  node.list.pods = {listed_pod("shop", "redis", "aa", {{"server", "c1"}})};
  node.told();
  const auto boost = wish(pod_target("redis"));
  const auto known = look(node, boost);
  SECTION("the source is away") {
    node.view.list.reset();
    node.view.no_list = "the kubelet gave no answer";
    CHECK(ids_of(look(node, boost, known)) == Ids{100});
    node.view.directories.clear();
    const auto gone = look(node, boost, known);
    CHECK(gone.cgroups.empty());
    CHECK(gone.pending == "the node's pods are not known: the kubelet gave no answer");
  }
  SECTION("the source is away, and the runtime's files have no labels") {
    Target label;
    label.label = "app=redis";
    node.view.list.reset();
    node.view.identities = {{"c1", "shop", "redis", "aa", "server", false}};
    CHECK(ids_of(look(node, wish(label), known)) == Ids{100});
  }
  SECTION("a kubelet that has just started lists nothing") {
    node.list.pods.clear();
    node.told();
    CHECK(ids_of(look(node, boost, known)) == Ids{100});
    node.view.directories.clear();
    CHECK(look(node, boost, known).pending == "no pod on this node matches now");
    node.list.incomplete = "a file is damaged";
    node.told();
    CHECK(look(node, boost, known).pending == "no pod that is known matches; not all are known");
  }
  SECTION("the list says that it is not meant any more") {
    Target label;
    label.label = "app=redis";
    node.list.pods[0].labels["app"] = "redis";
    node.told();
    const auto by_label = look(node, wish(label));
    CHECK(ids_of(by_label) == Ids{100});
    node.list.pods[0].labels.clear();
    node.told();
    CHECK(look(node, wish(label), by_label).cgroups.empty());
  }
  SECTION("the pod has ended, and an empty directory of it is left, as kubelet 1.20 leaves one beside the true one") {
    node.view.directories.clear();
    const auto left = node.directory("aa", {}, "/kubepods/burstable");
    node.list.pods.clear();
    auto moved = reach_at({at(to_u64(left))});
    moved.cgroups[0].uid = "aa";
    CHECK(ids_of(look(node, boost, moved)) == ids_of(moved));
    node.told();
    CHECK(look(node, boost, moved).cgroups.empty());
  }
  SECTION("it is made again under its old name: another directory") {
    node.view.directories.clear();
    node.directory("aa", {"c1"});
    CHECK(ids_of(look(node, boost, known)) == Ids{102});
  }
}

TEST_CASE("a container whose processes are elsewhere is not acted on, also where it was before", "[reach]") {
  SmallNode node;
  node.directory("aa", {"c1"});
  node.list.pods = {listed_pod("shop", "redis", "aa", {{"server", "c1"}})};
  node.told();
  node.view.doubtful = {CgroupId{101}};
  const auto boost = wish(pod_target("redis", "", "server"));
  CHECK(look(node, boost).pending == "/proc names another cgroup for the processes of container shop/redis/server");
  CHECK(look(node, boost, reach_at({at(101)})).cgroups.empty());
}

TEST_CASE("limits are lifted from the pod's directory down, where they may be lifted", "[reach]") {
  SmallNode node;
  node.directory("aa", {"c1"}, "/kubepods/burstable");
  node.list.pods = {listed_pod("shop", "redis", "aa", {{"server", "c1"}})};
  node.told();
  auto boost = wish(pod_target("redis", "", "server"));
  boost.ignore_limit = true;
  CHECK(look(node, boost).cgroups.at(0).lifted_from == 3);
  node.view.limits_hold = "the daemon runs without --allow-ignore-limit";
  const auto held = look(node, boost);
  CHECK(held.cgroups.at(0).lifted_from == 0);
  CHECK(held.note == "limits hold all the same: the daemon runs without --allow-ignore-limit");
  CHECK_FALSE(held.waiting);
}

TEST_CASE("a cgroup or unit is where it was found, and one that nobody looked for stays", "[reach]") {
  SmallNode node;
  auto boost = wish(cgroup_target("/a/b"));
  boost.number = 3;
  boost.ignore_limit = true;
  const auto before = reach_at({at(7, "/a/b")});
  CHECK(ids_of(look(node, boost, before)) == Ids{7});
  CHECK(look(node, boost, before).look == 0);
  node.view.places[3] = {{}, "the cgroup is gone"};
  const auto gone = look(node, boost, before);
  CHECK(gone.cgroups.empty());
  CHECK(gone.pending == "the cgroup is gone");
  CHECK(gone.ever);
  node.view.places[3] = {Cgroup{CgroupId{9}, "/a/b"}, {}};
  const auto back = look(node, boost, gone);
  CHECK(ids_of(back) == Ids{9});
  CHECK(back.cgroups[0].lifted_from == 2);
}
