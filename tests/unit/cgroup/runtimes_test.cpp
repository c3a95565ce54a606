// SPDX-License-Identifier: Apache-2.0
// What runtimes leave on disk, next to the cgroups that they make: by the one the other is found, without a kubelet.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "pods/runtime_source.hpp"
#include "support/cgroup_fixture.hpp"
#include "support/runtime_host.hpp"

using namespace mus;
using namespace mus::test;

namespace {

/// How a node is set up.
struct NodeLayout {
  const char* runtime;  ///< how it names its cgroups
  std::string place;    ///< of its bundles; empty: it leaves none
  bool systemd = false;
  std::string prefix{};  ///< --cgroup-root of the kubelet
  std::string before{};  ///< what is above the kubelet's tree, seen from the host
  bool crun = false;     ///< the payload runs in "container" below its cgroup
};

std::vector<NodeLayout> node_layouts() {
  std::vector<NodeLayout> all;
  for (const bool systemd : {false, true}) {
    for (const bool crun : {false, true}) {
      all.push_back({"cri-containerd", RuntimeHost::containerd, systemd, "", "", crun});
      all.push_back({"cri-containerd", RuntimeHost::k3s, systemd, "", "", crun});
      all.push_back({"crio", RuntimeHost::crio, systemd, "", "", crun});
      all.push_back({"docker", "", systemd, "", "", crun});
    }
    // kind: a node in a container of docker's, with --cgroup-root=/kubelet, whose root is the host for its DaemonSets.
    all.push_back({"cri-containerd", RuntimeHost::containerd, systemd, "kubelet",
                   "/system.slice/docker-" + long_id("f") + ".scope", false});
    all.push_back({"cri-containerd", RuntimeHost::containerd, systemd, "kubelet", "", false});
  }
  return all;
}

std::string underscored(std::string uid) {
  std::replace(uid.begin(), uid.end(), '-', '_');
  return uid;
}

/// The pod's directory and its linux.cgroupsPath-parent, as the kubelet makes them.
struct PodDirectory {
  std::string path;  ///< from the cgroup root
  std::string slice;
};
PodDirectory directory_of(const NodeLayout& layout, const std::string& qos, const std::string& uid) {
  if (!layout.systemd) {
    const auto path = (layout.prefix.empty() ? "" : "/" + layout.prefix) + "/kubepods" +
                      (qos.empty() ? "" : "/" + qos) + "/pod" + uid;
    return {layout.before + path, path};
  }
  const std::string root = (layout.prefix.empty() ? "" : layout.prefix + "-") + std::string("kubepods");
  std::string path = (layout.prefix.empty() ? "" : "/" + layout.prefix + ".slice") + "/" + root + ".slice";
  if (!qos.empty()) path.append("/").append(root).append("-").append(qos).append(".slice");
  const auto directory = root + (qos.empty() ? "" : "-" + qos) + "-pod" + underscored(uid) + ".slice";
  return {layout.before + path + "/" + directory, directory};
}

std::string name_of_leaf(const NodeLayout& layout, const std::string& id) {
  if (layout.systemd) return std::string(layout.runtime) + "-" + id + ".scope";
  return (layout.runtime == std::string("crio") ? "crio-" : "") + id;
}

std::string cgroups_path_of(const NodeLayout& layout, const PodDirectory& pod, const std::string& id) {
  return layout.systemd ? pod.slice + ":" + layout.runtime + ":" + id : pod.slice + "/" + name_of_leaf(layout, id);
}

struct NodePod {
  std::string ns, name, uid, qos;
};
const std::vector<NodePod> node_pods{
    {"shop", "redis-7d9f-x2", "3f2c9a10-7b6e-4d1e-9c55-0123456789ab", "burstable"},
    {"test", "redis-7d9f-x2", "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", "besteffort"},
    {"kube-system", "etcd-node1", "2c8bcf396f1f0616612b8da61fb949d6", ""},  // static, guaranteed
};

}  // namespace

TEST_CASE("each runtime's containers are found by name in the cgroups of both drivers, without a kubelet") {
  for (const auto& layout : node_layouts()) {
    INFO(layout.runtime << " " << layout.place << (layout.systemd ? " systemd" : " cgroupfs") << " " << layout.prefix
                        << " " << layout.before << (layout.crun ? " crun" : ""));
    const CgroupFixture node;
    node.add("/system.slice/ssh.service");
    const RuntimeHost host;
    std::vector<std::pair<std::string, std::string>> expected;  // id, directory
    char letter = 'a';
    for (const auto& pod : node_pods) {
      const auto place = directory_of(layout, pod.qos, pod.uid);
      for (const std::string container : {"", "app", "sidecar"}) {
        HostContainer one{pod.ns, pod.name, pod.uid, container, long_id(std::string(1, letter) + letter)};
        one.id[10] = container.empty() ? '1' : container[0] == 'a' ? '2' : '3';
        one.cgroups_path = cgroups_path_of(layout, place, one.id);
        const auto directory = place.path + "/" + name_of_leaf(layout, one.id);
        node.add(layout.crun ? directory + "/container" : directory);
        if (!layout.place.empty()) host.bundle(layout.place, one);
        if (layout.place == RuntimeHost::crio) node.add(place.path + "/crio-conmon-" + one.id + ".scope");
        if (!container.empty()) host.link(one);
        if (!container.empty()) expected.emplace_back(one.id, directory);
      }
      ++letter;
    }
    RuntimeSource source{{.host_root = host.root(), .node = "node1"}};
    const auto list = source.list(PodSource::Freshness::fresh);
    REQUIRE(list.has_value());
    REQUIRE((*list)->pods.size() == node_pods.size());
    const auto tree = node.tree();
    std::size_t found = 0;
    for (const auto& pod : (*list)->pods) {
      CHECK(pod.is_static == (pod.name == "etcd-node1"));
      const auto directory = tree.pod(pod);
      REQUIRE(directory.has_value());
      REQUIRE(pod.containers.size() == 2);
      for (const auto& container : pod.containers) {
        const auto cgroup = tree.container(pod, container);
        INFO(pod.name << "/" << container.name << " " << (cgroup ? "" : cgroup.error().message));
        REQUIRE(cgroup.has_value());
        CHECK(std::count(expected.begin(), expected.end(), std::pair{container.id, cgroup->path}) == 1);
        CHECK(cgroup->path.starts_with(directory->path + "/"));
        ++found;
      }
    }
    CHECK(found == expected.size());

    // The other way round: of each leaf of the tree, sandboxes included, the bundle says whose it is.
    if (layout.place.empty()) continue;
    const auto directories = tree.pods();
    REQUIRE(directories.has_value());
    for (const auto& pod : *directories) {
      CHECK(pod.containers.size() == 3);
      for (const auto& leaf : pod.containers) {
        const auto identity = source.identify(leaf.container_id);
        REQUIRE(identity.has_value());
        CHECK(identity->uid == pod.pod_uid);
        CHECK(identity->sandbox == (leaf.container_id[10] == '1'));
      }
    }
  }
}

TEST_CASE("a DaemonSet sees the same through mounts, in a cgroup namespace of its own") {
  // /sys/fs/cgroup and /run/containerd of the host are mounted below /host; /proc/<pid>/cgroup is relative to the
  // cgroup of the daemon's own container.
  const CgroupFixture node;
  const RuntimeHost host;
  const auto& pod = node_pods[0];
  const auto uid = underscored(pod.uid);
  const HostContainer app{pod.ns,       pod.name,
                          pod.uid,      "app",
                          long_id("a"), "kubepods-burstable-pod" + uid + ".slice:cri-containerd:" + long_id("a")};
  host.bundle("host/" + RuntimeHost::containerd, app);
  const auto path = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + uid + ".slice/cri-containerd-" +
                    app.id + ".scope";
  const auto leaf = node.add(path);
  node.procs(path, {42});
  RuntimeSource source{{.host_root = host.root() + "/host", .node = "node1"}};
  const auto list = *source.list(PodSource::Freshness::fresh).value();
  REQUIRE(list.pods.size() == 1);
  const auto find = [&] { return node.tree().container(list.pods[0], list.pods[0].containers.at(0)); };
  for (const std::string& seen :
       {"/../../.." + path, "/../cri-containerd-" + app.id + ".scope",
        "/../../kubepods-burstable-pod" + uid + ".slice/cri-containerd-" + app.id + ".scope"}) {
    INFO(seen);
    node.process(42, seen);
    CHECK(find().value() == leaf);
  }
  node.process(42, "/../cri-containerd-" + long_id("b") + ".scope");
  CHECK(find().error().code == Errc::unavailable);
}
