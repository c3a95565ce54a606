// SPDX-License-Identifier: Apache-2.0
// The cgroups of the node's own services.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "support/cgroup_fixture.hpp"

using namespace mus;
using namespace mus::test;

namespace {

// The fixture has processes by number only; "self" is a link to one of them, as in /proc.
void we_are(const CgroupFixture& node, const std::string& cgroup) {
  std::filesystem::remove(node.proc() / "self");
  node.process(77, cgroup);
  std::filesystem::create_symlink("77", node.proc() / "self");
}

}  // namespace

TEST_CASE("those of systemd, of the kubelet and of the runtime are services, as far as they are there") {
  const CgroupFixture node;
  CHECK(node.tree().node_services().empty());
  const auto system = node.add("/system.slice");
  node.add("/kubepods.slice/kubepods-burstable.slice");
  node.add("/user.slice/system.slice");
  CHECK(node.tree().node_services() == std::vector{system.id});
  std::vector<CgroupId> all = {system.id};
  for (const char* path : {"/init.scope", "/kubelet.slice", "/runtime.slice", "/kubelet", "/system"}) {
    all.push_back(node.add(path).id);
  }
  auto found = node.tree().node_services();
  std::sort(found.begin(), found.end());
  std::sort(all.begin(), all.end());
  CHECK(found == all);
}

TEST_CASE("our own cgroup is one, wherever it is, but not in a pod or at the root") {
  const CgroupFixture node;
  const auto own = node.add("/podruntime/mus");
  we_are(node, "/podruntime/mus");
  CHECK(node.tree().node_services() == std::vector{own.id});

  const std::string pod = "/kubepods/burstable/pod0123456789abcdef0123456789abcdef";
  node.add(pod + "/c");
  we_are(node, pod + "/c");
  CHECK(node.tree().node_services().empty());
  for (const char* path : {"/", "/gone", "/../podruntime/mus"}) {
    we_are(node, path);
    CHECK(node.tree().node_services().empty());
  }
}
