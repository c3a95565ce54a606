// SPDX-License-Identifier: Apache-2.0
#include "pods/check_sources.hpp"

#include <catch2/catch_test_macros.hpp>

#include "pods/in_cluster.hpp"
#include "pods/kubelet_source.hpp"
#include "pods/runtime_source.hpp"
#include "support/fake_kubelet_client.hpp"
#include "support/runtime_host.hpp"
#include "unit/pods/names.hpp"

using namespace mus;
using Level = CheckItem::Level;
using namespace mus::test;

namespace {

struct CheckedNode {
  test::FakeKubeletClient client;
  RuntimeHost files;
  std::unique_ptr<KubeletSource> kubelet =
      KubeletSource::make(client, {.url = "https://192.0.2.7:10250", .in_cluster = true}).value();
  RuntimeSource runtime{{.host_root = files.root(), .node = "node1"}};

  std::vector<CheckItem> check(bool with_kubelet, SourceHints hints = {}) {
    std::vector<PodSource*> sources{&runtime};
    if (with_kubelet) sources.insert(sources.begin(), kubelet.get());
    return check_sources(sources, hints);
  }
};

}  // namespace

TEST_CASE("check says of each source what it found") {
  CheckedNode node;
  node.client.answer(200, R"({"items":[{"metadata":{"name":"p","namespace":"n","uid":"u"},
                              "spec":{"containers":[{"name":"a"},{"name":"b"}]}}]})");
  node.files.bundle(RuntimeHost::crio, {"n", "p", "u", "a", test::long_id("a")});
  const auto items = node.check(true);
  REQUIRE(items.size() == 2);
  CHECK(items[0].level == Level::ok);
  CHECK(items[0].detail == "kubelet https://192.0.2.7:10250 (service account): 1 pod(s), 2 container(s)");
  CHECK(items[1].level == Level::ok);
  CHECK(has(items[1].detail, "runtime files of CRI-O"));
  CHECK(has(items[1].detail, "1 pod(s), 1 container(s), without labels"));
}

TEST_CASE("check prints the RBAC rule that a kubelet which answers 403 asks for, and no failure") {
  CheckedNode node;
  node.client.answer(403, "Forbidden");
  const auto items = node.check(true);
  REQUIRE(items.size() == 2);
  CHECK(items[0].level == Level::warning);
  CHECK(has(items[0].advice, R"({apiGroups: [""], resources: ["nodes/pods"], verbs: ["get"]})"));
  CHECK(has(items[0].advice, "nodes/proxy"));
  CHECK(items[1].level == Level::warning);
  CHECK(has(items[1].detail, "no container runtime"));
}

TEST_CASE("check says what is missing where no kubelet is asked, and little where there is no Kubernetes") {
  CheckedNode elsewhere;
  CHECK(elsewhere.check(false).size() == 1);
  CheckedNode node;
  node.files.make(RuntimeHost::containerd);
  auto items = node.check(false);
  REQUIRE(items.size() == 2);
  CHECK(items[1].level == Level::warning);
  CHECK(has(items[1].advice, "--kubelet-url"));
  CHECK(has(items[1].advice, "nodes/pods"));
  items = node.check(false, {.service_account = true});
  CHECK(has(items.at(1).advice, "MUS_NODE_IP"));
  items = node.check(false, {.node_ip = true});
  CHECK(has(items.at(1).advice, "automountServiceAccountToken"));
}

TEST_CASE("an incomplete list is a warning that says why") {
  CheckedNode node;
  node.files.write(RuntimeHost::config_path(RuntimeHost::containerd, test::long_id("a")), "{");
  const auto items = node.check(false);
  CHECK(items.at(0).level == Level::warning);
  CHECK(has(items.at(0).detail, "may be missing"));
}

TEST_CASE("in a pod the kubelet is asked with the service account's token and CA, unless others are given") {
  const test::TempDir pod;
  CHECK_FALSE(in_cluster_kubelet({}, "192.0.2.7", pod.str()));
  CHECK_FALSE(has_service_account(pod.str()));
  pod.write("token", "t");
  CHECK(has_service_account(pod.str()));
  const auto found = in_cluster_kubelet({}, "192.0.2.7", pod.str());
  REQUIRE(found.has_value());
  CHECK(*found == KubeletSettings{.url = "https://192.0.2.7:10250",
                                  .token_file = pod.str() + "/token",
                                  .ca_file = pod.str() + "/ca.crt"});
  CHECK(in_cluster_kubelet({}, "2001:db8::7", pod.str())->url == "https://[2001:db8::7]:10250");
  CHECK_FALSE(in_cluster_kubelet({}, "", pod.str()));
  CHECK_FALSE(in_cluster_kubelet({.url = "https://127.0.0.1:10250"}, "192.0.2.7", pod.str()));

  const auto pinned = in_cluster_kubelet({.pin_file = "/kubelet.crt"}, "192.0.2.7", pod.str());
  CHECK(pinned->ca_file.empty());
  CHECK(pinned->pin_file == "/kubelet.crt");
  const auto named =
      in_cluster_kubelet({.token_file = "/t", .ca_file = "/ca", .server_name = "n"}, "192.0.2.7", "/none");
  CHECK(*named ==
        KubeletSettings{.url = "https://192.0.2.7:10250", .token_file = "/t", .ca_file = "/ca", .server_name = "n"});
}
