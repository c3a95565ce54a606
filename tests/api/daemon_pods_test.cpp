// SPDX-License-Identifier: Apache-2.0
// The whole program where no kubelet is asked: pods are known by what a container runtime left on disk.
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "api/daemon_process.hpp"
#include "support/runtime_host.hpp"

using namespace mus::test;
using Json = nlohmann::json;

namespace {

const std::string pod_uid = "3f2c9a10-7b6e-4d1e-9c55-0123456789ab";

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A daemon beside containerd's files and cgroups.
struct NodeWithPods : DaemonProcess {
  NodeWithPods() {
    for (const std::string container : {"", "server"}) {
      add({"shop", "redis-7d9f-x2", pod_uid, container, long_id(container.empty() ? "5" : "c")});
    }
    start();
    const auto ready = notification();
    INFO(log());
    REQUIRE(ready);
  }
  void add(const HostContainer& one) const {
    const std::filesystem::path file = path("host/" + RuntimeHost::config_path(RuntimeHost::containerd, one.id));
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << RuntimeHost::config(RuntimeHost::containerd, one);
    make_cgroup("/kubepods/burstable/pod" + one.uid + "/" + one.id);
  }
};

}  // namespace

TEST_CASE("without a kubelet pods and containers are boosted by name", "[daemon]") {
  const NodeWithPods node;
  const auto pod = node.client({"prioritize", "redis-7d9f-x2"});
  INFO(pod.err);
  REQUIRE(pod.code == 0);
  CHECK(says(pod.out, "/kubepods/burstable/pod" + pod_uid + "\n"));
  const auto container = node.client({"prioritize", "redis-7d9f-x2", "-n", "shop", "-c", "server"});
  INFO(container.err);
  REQUIRE(container.code == 0);
  CHECK(says(container.out, "/kubepods/burstable/pod" + pod_uid + "/" + long_id("c") + "\n"));
  const auto pods = node.client({"pods"});
  CHECK(pods.code == 0);
  CHECK(says(pods.out, "server"));

  const auto status = node.client({"status", "--json"});
  REQUIRE(status.code == 0);
  const auto sources = Json::parse(status.out)["sources"];
  REQUIRE(sources.size() == 1);
  CHECK(sources[0]["in_use"] == true);
  CHECK(sources[0]["labels"] == false);
  CHECK(says(sources[0]["name"], "containerd"));
}

TEST_CASE("without a kubelet labels are not known, and the answer says so instead of denying the pod", "[daemon]") {
  const NodeWithPods node;
  for (const auto& arguments :
       {std::vector<std::string>{"prioritize", "--label", "app=redis"}, {"prioritize", "redis"}}) {
    const auto refused = node.client(arguments);
    CAPTURE(arguments, refused.err);
    CHECK(refused.code == 1);
    CHECK(says(refused.err, "no source that knows labels answers: no kubelet is configured"));
  }
  const auto uid_of_nobody = node.client({"prioritize", "--uid", "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"});
  CHECK(uid_of_nobody.code == 1);
  CHECK(says(uid_of_nobody.err, "no pod on this node matches"));
}

TEST_CASE("check tells what it found about pods, and what is missing", "[daemon]") {
  const NodeWithPods node;
  const auto checked = run_program({"check", "--json", "--host-root", node.path("host")});
  const auto checks = Json::parse(checked.out)["checks"];
  std::string found;
  for (const auto& item : checks) {
    if (item["name"] == "pods")
      found += item["detail"].get<std::string>() + "\n" + item["advice"].get<std::string>() + "\n";
  }
  CHECK(says(found, "runtime files of containerd"));
  CHECK(says(found, "1 pod(s), 1 container(s), without labels"));
  CHECK(says(found, "--kubelet-url"));
  CHECK(says(found, "nodes/pods"));
}
