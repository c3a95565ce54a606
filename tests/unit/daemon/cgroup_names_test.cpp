// SPDX-License-Identifier: Apache-2.0
// Ids become names, and directories are read no more often than needed.
#include "daemon/cgroup_names.hpp"

#include <catch2/catch_test_macros.hpp>

#include "unit/daemon/fakes.hpp"

using namespace mus;
using namespace mus::test;
using namespace std::chrono_literals;

namespace {

struct Named {
  FakeTree tree;
  CgroupNames names{tree};
  TimePoint now{1h};
  PodList list;

  Named() {
    list.pods = {make_pod("shop", "redis", "aa")};
    list.pods[0].containers.pop_back();
    list.pods[0].containers[0].cpu_request_millis = 250;
    add("aa", "c1aa");
  }
  CgroupId add(const std::string& uid, const std::string& container) {
    const auto path = "/kubepods/pod" + uid + "/" + container;
    const auto id = tree.add(path);
    tree.walk.push_back({uid, {tree.add("/kubepods/pod" + uid), "/kubepods/pod" + uid}, {{container, {id, path}}}});
    return id;
  }
};

}  // namespace

TEST_CASE("a container is known by the id of its cgroup, with its request", "[cgroup_names]") {
  Named node;
  const auto containers = node.names.containers(&node.list, node.now);
  REQUIRE(containers.size() == 1);
  const auto& one = containers.begin()->second;
  CHECK(one.pod == "redis");
  CHECK(one.container == "server");
  CHECK(one.request == 0.25);
  const auto without_list = node.names.containers(nullptr, node.now);
  REQUIRE(without_list.size() == 1);
  CHECK(without_list.begin()->second.pod.empty());
}

TEST_CASE("directories are read again for a running container that is new, and at most every two seconds",
          "[cgroup_names]") {
  Named node;
  CHECK(node.names.containers(&node.list, node.now).size() == 1);
  const auto id = node.add("bb", "c1bb");
  CHECK(node.names.containers(&node.list, node.now + 1h).size() == 1);  // nothing is missing
  node.list.pods.push_back(make_pod("shop", "nginx", "bb"));
  CHECK(node.names.containers(&node.list, node.now + 1s).size() == 1);
  const auto later = node.names.containers(&node.list, node.now + 2s);
  REQUIRE(later.contains(to_u64(id)));
  CHECK(later.at(to_u64(id)).pod == "nginx");
}

TEST_CASE("the path of any cgroup is found by the ids above it, also a second time when it has gone",
          "[cgroup_names]") {
  Named node;
  const auto slice = node.tree.add("/system.slice");
  const auto unit = node.tree.add("/system.slice/x.service");
  TreeView view;
  view.records.resize(3);
  view.records[0].id = slice;
  view.records[1].id = unit;
  view.records[1].parent = slice;
  view.records[2].id = CgroupId{999};
  view.records[2].parent = slice;
  const auto parents = view.parents();
  CHECK(node.names.path(view, parents, 1) == "/system.slice/x.service");
  CHECK(node.names.path(view, parents, 0) == "/system.slice");
  CHECK(node.names.path(view, parents, 2).empty());
  node.tree.remove("/system.slice/x.service");
  CHECK(node.names.path(view, parents, 1) == "/system.slice/x.service");
}
