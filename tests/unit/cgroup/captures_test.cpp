// SPDX-License-Identifier: Apache-2.0
// What two real kubelets and containerds left in the cgroup tree, next to what the kubelet said at that moment.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <set>

#include "pods/pod_list_parser.hpp"
#include "support/cgroup_fixture.hpp"

using namespace mus;
using test::CgroupFixture;
using test::fixture;

namespace {

const std::vector<std::string> captures{"kubelet-1.20.2-cgroupfs-containerd-1.6",
                                        "kubelet-1.36.2-cgroupfs-containerd-2.1"};

std::vector<Pod> pods_of(const std::string& capture, const std::string& file) {
  auto parsed = parse_pod_list(fixture(capture + "/" + file));
  REQUIRE(parsed.has_value());
  return std::move(parsed->pods);
}

Pod named(const std::vector<Pod>& pods, const std::string& name) {
  const auto found = std::find_if(pods.begin(), pods.end(), [&](const Pod& pod) { return pod.name == name; });
  REQUIRE(found != pods.end());
  return *found;
}

/// The same tree as the systemd driver and CRI-O would have named it.
std::string as_systemd(std::string path, const std::string& prefix, const std::string& runtime) {
  const auto slash = path.rfind('/');
  const auto id = path.substr(slash + 1);
  const auto pod_at = path.rfind("/pod", slash);
  auto uid = path.substr(pod_at + 4, slash - pod_at - 4);
  std::replace(uid.begin(), uid.end(), '-', '_');
  const std::string dashed = prefix.empty() ? "" : prefix + "-";
  std::string stem = dashed + "kubepods";
  std::string out;
  if (!prefix.empty()) out.append("/").append(prefix).append(".slice");
  out.append("/").append(stem).append(".slice");
  for (const std::string qos : {"burstable", "besteffort"}) {
    if (path.find(std::string{"/"}.append(qos).append("/")) == std::string::npos) continue;
    stem += "-" + qos;
    out.append("/").append(stem).append(".slice");
  }
  return out + "/" + stem + "-pod" + uid + ".slice/" + runtime + "-" + id + ".scope";
}

}  // namespace

TEST_CASE("every running container of a captured list is found in the directory that the capture shows") {
  for (const auto& capture : captures) {
    INFO(capture);
    const CgroupFixture node;
    const auto listing = fixture(capture + "/cgroup-tree.txt");
    node.add_capture(listing);
    const auto tree = node.tree();
    std::set<std::string> known;
    int running = 0;
    for (const auto& pod : pods_of(capture, "pods.json")) {
      const auto directory = tree.pod(pod);
      REQUIRE(directory.has_value());
      CHECK(*directory == node.at(directory->path));
      CHECK(directory->path.ends_with("/pod" + pod.uid));
      for (const auto& container : pod.containers) {
        INFO(pod.name << "/" << container.name);
        const auto found = tree.container(pod, container);
        known.insert(container.id);
        if (container.running) {
          ++running;
          REQUIRE(found.has_value());
          CHECK(*found == node.at(directory->path + "/" + container.id));
          CHECK(listing.find("/sys/fs/cgroup" + found->path) != std::string::npos);
          CHECK(tree.alive(*found));
        } else {
          // A finished init container has an id in /pods and no cgroup.
          REQUIRE_FALSE(found.has_value());
          CHECK(found.error().code == Errc::not_found);
        }
      }
    }
    CHECK(running == 4);

    // One leaf per pod is its sandbox: in no list.
    const auto pods = tree.pods();
    REQUIRE(pods.has_value());
    CHECK(pods->size() == 3);
    for (const auto& pod : *pods) {
      CHECK(std::count_if(pod.containers.begin(), pod.containers.end(),
                          [&](const auto& leaf) { return !known.contains(leaf.container_id); }) == 1);
    }
  }
}

TEST_CASE("after a restart the new id is found, and the old one is not") {
  for (const auto& capture : captures) {
    INFO(capture);
    const CgroupFixture node;
    node.add_capture(fixture(capture + "/cgroup-tree.txt"));
    const auto tree = node.tree();
    const auto before = named(pods_of(capture, "pods.json"), "redis-node1");
    const auto old_cgroup = tree.container(before, before.containers.at(0));
    REQUIRE(old_cgroup.has_value());

    node.remove(old_cgroup->path);
    node.add_capture(fixture(capture + "/cgroup-tree-after-restart.txt"));
    const auto after = named(pods_of(capture, "pods-after-restart.json"), "redis-node1");
    CHECK(after.uid == before.uid);
    const auto new_cgroup = tree.container(after, after.containers.at(0));
    REQUIRE(new_cgroup.has_value());
    CHECK(new_cgroup->path != old_cgroup->path);
    CHECK_FALSE(tree.alive(*old_cgroup));
    CHECK(tree.container(before, before.containers.at(0)).error().code == Errc::not_found);
    CHECK(tree.pod(before).value() == tree.pod(after).value());
  }
}

TEST_CASE("after a removal the others are found, and the removed pod is not") {
  for (const auto& capture : captures) {
    INFO(capture);
    const CgroupFixture node;
    node.add_capture(fixture(capture + "/cgroup-tree-after-removal.txt"));
    const auto tree = node.tree();
    const auto gone = named(pods_of(capture, "pods.json"), "stress-noise-node1");
    CHECK(tree.pod(gone).error().code == Errc::not_found);
    CHECK(tree.container(gone, gone.containers.at(0)).error().code == Errc::not_found);
    int found = 0;
    for (const auto& pod : pods_of(capture, "pods-after-removal.json")) {
      CHECK(pod.name != gone.name);
      for (const auto& container : pod.containers) found += tree.container(pod, container).has_value() ? 1 : 0;
    }
    CHECK(found == 3);
  }
}

TEST_CASE("the captured pods are found as well under the systemd driver, each runtime's names and a cgroup root") {
  for (const auto& capture : captures) {
    const auto pods = pods_of(capture, "pods.json");
    const CgroupFixture original;
    original.add_capture(fixture(capture + "/cgroup-tree.txt"));
    const auto originals = original.tree().pods().value();
    for (const std::string runtime : {"cri-containerd", "crio", "docker", "libpod"}) {
      for (const std::string prefix : {"", "kubelet"}) {
        for (const bool crun : {false, true}) {
          const CgroupFixture node;
          node.add("/system.slice/ssh.service");
          std::vector<std::pair<std::string, std::string>> expected;
          for (const auto& pod : originals) {
            for (const auto& leaf : pod.containers) {
              const auto path = as_systemd(leaf.cgroup.path, prefix, runtime);
              node.add(crun ? path + "/container" : path);
              node.add(path.substr(0, path.rfind('/')) + "/crio-conmon-" + leaf.container_id + ".scope");
              expected.emplace_back(leaf.container_id, path);
            }
          }
          const auto tree = node.tree();
          for (const auto& pod : pods) {
            for (const auto& container : pod.containers) {
              if (!container.running) continue;
              INFO(runtime << " " << prefix << " " << pod.name << "/" << container.name);
              const auto found = tree.container(pod, container);
              REQUIRE(found.has_value());
              const auto wanted = std::find_if(expected.begin(), expected.end(),
                                               [&](const auto& entry) { return entry.first == container.id; });
              REQUIRE(wanted != expected.end());
              CHECK(*found == node.at(wanted->second));
              CHECK(wanted->second.starts_with(tree.pod(pod).value().path + "/"));
            }
          }
        }
      }
    }
  }
}

// Captured by tests/vm/guest/kubelet.sh.
TEST_CASE("under the systemd driver kubelet 1.20's second tree of empty directories hides nothing and says nothing") {
  const std::string capture = "kubelet-1.20.2-systemd-containerd-1.6";
  for (const std::string moment : {"", "-after-restart", "-after-removal"}) {
    INFO(moment);
    const CgroupFixture node;
    node.add_capture(fixture(capture + "/cgroup-tree" + moment + ".txt"));
    const auto tree = node.tree();
    const auto pods = pods_of(capture, "pods" + moment + ".json");
    CHECK(pods.size() == (moment == "-after-removal" ? 1U : 2U));
    for (const auto& pod : pods) {
      const auto directory = tree.pod(pod);
      REQUIRE(directory.has_value());
      CHECK(directory->path.starts_with("/kubepods.slice/kubepods-burstable.slice/"));
      const auto found = tree.container(pod, pod.containers.at(0));
      REQUIRE(found.has_value());
      CHECK(found->path == directory->path + "/cri-containerd-" + pod.containers[0].id + ".scope");
    }
    // Each pod that there is or was has an empty directory in the other tree.
    const auto places = tree.pods();
    REQUIRE(places.has_value());
    CHECK(std::count_if(places->begin(), places->end(), [](const auto& one) { return one.containers.empty(); }) == 2);
  }
}
