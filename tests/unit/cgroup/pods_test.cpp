// SPDX-License-Identifier: Apache-2.0
// Pods and containers in trees that are not as the captures: leftovers, forgeries, disagreement with /proc.
#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "support/cgroup_fixture.hpp"
#include "unit/cgroup/names.hpp"

using namespace mus;
using namespace mus::test;

namespace {
const std::string slice = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + uid_ + ".slice";
const std::string scope = slice + "/cri-containerd-" + id + ".scope";
const Container app{"app", id, Container::Kind::regular, true};

Pod web() {
  Pod pod;
  pod.ns = "prod";
  pod.name = "web";
  pod.uid = uid;
  pod.containers = {app};
  return pod;
}
}  // namespace

TEST_CASE("an empty tree that an old kubelet left beside the real one is passed over") {
  const CgroupFixture node;
  node.add("/kubepods/burstable/pod" + uid);
  const auto real = node.add(scope);
  CHECK(node.tree().container(web(), app).value() == real);
  CHECK(node.tree().pod(web()).value().path == slice);

  const CgroupFixture prefixed;
  prefixed.add("/kubepods/burstable/pod" + uid);
  const auto deep = prefixed.add("/kubelet/kubepods/burstable/pod" + uid + "/" + id);
  CHECK(prefixed.tree().container(web(), app).value() == deep);
  CHECK(prefixed.tree().pod(web()).value().path == "/kubelet/kubepods/burstable/pod" + uid);

  const CgroupFixture empty;
  empty.add("/kubepods/burstable/pod" + uid);
  CHECK(empty.tree().pod(web()).value().path == "/kubepods/burstable/pod" + uid);
}

TEST_CASE("a mirror pod is found by its config hash") {
  const CgroupFixture node;
  const std::string hash = "2c8bcf396f1f0616612b8da61fb949d6";
  const auto leaf = node.add("/kubepods/pod" + hash + "/" + id);
  auto pod = web();
  pod.config_hash = hash;
  CHECK(node.tree().container(pod, app).value() == leaf);
}

TEST_CASE("directories that a container or a user made to look like another's pod are not believed") {
  const CgroupFixture node;
  const std::string other = "/kubepods/burstable/pod00000000-0000-0000-0000-000000000000/" + std::string(64, '1');
  node.add(other + "/kubepods/burstable/pod" + uid + "/" + id);
  node.add("/user.slice/user-1000.slice/user@1000.service/kubepods/pod" + uid + "/" + id);
  CHECK(node.tree().pod(web()).error().code == Errc::not_found);
  CHECK(node.tree().container(web(), app).error().code == Errc::not_found);
  CHECK(node.tree().pods().value().size() == 1);
}

TEST_CASE("links in the tree are never followed") {
  const CgroupFixture node;
  const CgroupFixture elsewhere;
  elsewhere.add("/kubepods/burstable/pod" + uid + "/" + id);
  std::filesystem::create_directory_symlink(elsewhere.root() / "kubepods", node.root() / "kubepods");
  CHECK(node.tree().pods().value().empty());
  CHECK(node.tree().pod(web()).error().code == Errc::not_found);
  CHECK_FALSE(node.tree().alive(elsewhere.at("/kubepods/burstable")));
}

TEST_CASE("a container without an id is starting, one of a runtime without cgroups is told to boost the pod") {
  const CgroupFixture node;
  node.add(slice);
  auto starting = app;
  starting.id.clear();
  const auto error = node.tree().container(web(), starting).error();
  CHECK(error.code == Errc::unavailable);
  CHECK(error.message.find("starting") != std::string::npos);
  const auto kata = node.tree().container(web(), app).error();
  CHECK(kata.code == Errc::not_found);
  CHECK(kata.advice.find("pod") != std::string::npos);
}

TEST_CASE("a process of the container that /proc places elsewhere is a disagreement; unseen processes are none") {
  const CgroupFixture node;
  const auto leaf = node.add(scope);
  const auto tree = node.tree();
  node.procs(scope, {0, 0});  // of another pid namespace
  CHECK(tree.container(web(), app).value() == leaf);
  node.procs(scope, {4711});  // not in /proc: ended, or hidden
  CHECK(tree.container(web(), app).value() == leaf);
  node.process(4711, scope);
  CHECK(tree.container(web(), app).value() == leaf);

  node.process(4711, "/system.slice/other.service");
  const auto error = tree.container(web(), app).error();
  CHECK(error.code == Errc::unavailable);
  CHECK(error.message.find("/proc") != std::string::npos);
  node.process(4711, scope + " (deleted)");
  CHECK(tree.container(web(), app).error().code == Errc::unavailable);
  node.process(4711, "/");
  CHECK(tree.container(web(), app).error().code == Errc::unavailable);

  // One that is just leaving does not speak for the others.
  node.procs(scope, {4711, 4712});
  node.process(4712, scope);
  CHECK(tree.container(web(), app).value() == leaf);
}

TEST_CASE("processes in nested cgroups and paths relative to a private namespace agree with the container") {
  const CgroupFixture node;
  const auto leaf = node.add(scope);
  node.add(scope + "/container");
  node.procs(scope, {});
  node.procs(scope + "/container", {12});
  node.process(12, scope + "/container");
  CHECK(node.tree().container(web(), app).value() == leaf);
  node.process(12, "/../../.." + scope + "/container");
  CHECK(node.tree().container(web(), app).value() == leaf);
  node.process(12, "/../cri-containerd-" + id + ".scope/container");
  CHECK(node.tree().container(web(), app).value() == leaf);
  node.process(12, "/../cri-containerd-" + std::string(64, 'f') + ".scope/container");
  CHECK(node.tree().container(web(), app).error().code == Errc::unavailable);
}

TEST_CASE("a directory that is made anew has another identity") {
  const CgroupFixture node;
  const auto first = node.add(scope);
  CHECK(node.tree().alive(first));
  std::filesystem::rename(node.root() / scope.substr(1), node.root() / "kept");  // so that its number is not reused
  CHECK_FALSE(node.tree().alive(first));
  node.add(scope);
  CHECK_FALSE(node.tree().alive(first));
  CHECK_FALSE(node.tree().alive({first.id, "/../x"}));
}

TEST_CASE("a thousand directories are walked, and a missing root is an error that names the option") {
  const CgroupFixture node;
  for (int i = 0; i < 250; ++i) {
    const auto pod = "/kubepods/burstable/podaaaaaaaa-0000-0000-0000-" + std::to_string(100000000000 + i);
    for (const char* c : {"a", "b", "c"}) {
      std::string leaf = std::to_string(100000 + i) + c;
      node.add(pod + "/" + leaf + std::string(64 - leaf.size(), '0'));
    }
  }
  const auto pods = node.tree().pods();
  REQUIRE(pods.has_value());
  CHECK(pods->size() == 250);
  CHECK(pods->at(100).containers.size() == 3);
  const auto error = CgroupFs{"/nonexistent/cgroup", "/proc"}.pods().error();
  CHECK(error.code == Errc::io);
  CHECK(error.advice.find("--cgroup-root") != std::string::npos);
}
