// SPDX-License-Identifier: Apache-2.0
#include "pods/bundle_parser.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <string>

#include "support/runtime_host.hpp"
#include "unit/pods/names.hpp"

using namespace mus;
using namespace mus::test;

namespace {

const HostContainer bundled{"shop", "redis-7d9f-x2", pod_uid, "redis", container_id};

std::string without(std::string text, const std::string& part) {
  const auto at = text.find(part);
  REQUIRE(at != std::string::npos);
  return text.erase(at, part.size());
}

std::string with(const std::string& text, const std::string& old, const std::string& replacement) {
  auto out = text;
  const auto at = out.find(old);
  REQUIRE(at != std::string::npos);
  return out.replace(at, old.size(), replacement);
}

ContainerIdentity identity_in(const std::string& json, BundleMaker maker) {
  const auto bundle = parse_bundle(json, maker, container_id);
  INFO((bundle ? "" : bundle.error().message));
  REQUIRE(bundle.has_value());
  return bundle->identity;
}

Error refusal_of(const std::string& json, BundleMaker maker = BundleMaker::containerd) {
  const auto bundle = parse_bundle(json, maker, container_id);
  REQUIRE_FALSE(bundle.has_value());
  return bundle.error();
}

}  // namespace

TEST_CASE("a container's bundle says whose it is, with either driver and either runtime") {
  const ContainerIdentity expected{container_id, "shop", "redis-7d9f-x2", pod_uid, "redis", false};
  for (const std::string& path :
       {"/kubepods/burstable/pod" + pod_uid + "/" + container_id, "/kubepods/pod" + pod_uid + "/" + container_id,
        "/kubelet/kubepods/besteffort/pod" + pod_uid + "/" + container_id,
        "/kubepods/burstable/pod" + pod_uid + "/crio-" + container_id,
        "kubepods-burstable-pod" + pod_uid_ + ".slice:cri-containerd:" + container_id,
        "kubepods-pod" + pod_uid_ + ".slice:crio:" + container_id,
        "kubelet-kubepods-besteffort-pod" + pod_uid_ + ".slice:cri-containerd:" + container_id,
        "/k8s.io/" + container_id,  // no cgroups for pods: nothing to compare with
        std::string{}}) {
    INFO(path);
    auto one = bundled;
    one.cgroups_path = path;
    CHECK(identity_in(RuntimeHost::config(RuntimeHost::containerd, one), BundleMaker::containerd) == expected);
    CHECK(identity_in(RuntimeHost::config(RuntimeHost::crio, one), BundleMaker::crio) == expected);
  }
}

TEST_CASE("a sandbox's bundle is told from a container's") {
  auto sandbox = bundled;
  sandbox.container.clear();
  const ContainerIdentity expected{container_id, "shop", "redis-7d9f-x2", pod_uid, "", true};
  CHECK(identity_in(RuntimeHost::config(RuntimeHost::containerd, sandbox), BundleMaker::containerd) == expected);
  const auto crio = RuntimeHost::config(RuntimeHost::crio, sandbox);
  CHECK(identity_in(crio, BundleMaker::crio) == expected);
  // A pod's annotations go into it over CRI-O's own, but not over the kubelet's labels.
  CHECK(identity_in(with(crio, R"(ContainerType": "sandbox")", R"(ContainerType": "container")"), BundleMaker::crio) ==
        expected);
  CHECK(identity_in(with(crio, R"(KubeName": "redis-7d9f-x2")", R"(KubeName": "victim")"), BundleMaker::crio) ==
        expected);
}

TEST_CASE("containerd before 1.7 says the uid in the cgroup's path only") {
  const auto old = without(RuntimeHost::config(RuntimeHost::containerd, bundled),
                           ",\n    \"io.kubernetes.cri.sandbox-uid\": \"" + pod_uid + "\"");
  CHECK(identity_in(old, BundleMaker::containerd).uid == pod_uid);
  auto slice = bundled;
  slice.cgroups_path = "kubepods-besteffort-pod" + pod_uid_ + ".slice:cri-containerd:" + container_id;
  CHECK(identity_in(without(RuntimeHost::config(RuntimeHost::containerd, slice),
                            ",\n    \"io.kubernetes.cri.sandbox-uid\": \"" + pod_uid + "\""),
                    BundleMaker::containerd)
            .uid == pod_uid);
  const auto none = with(old, "/kubepods/burstable/pod" + pod_uid + "/", "/k8s.io/");
  CHECK(refusal_of(none).code == Errc::protocol);
}

TEST_CASE("CRI-O says how often a container was started again") {
  auto one = bundled;
  one.restarts = 17;
  CHECK(parse_bundle(RuntimeHost::config(RuntimeHost::crio, one), BundleMaker::crio, container_id)->attempt == 17);
  CHECK(
      parse_bundle(RuntimeHost::config(RuntimeHost::containerd, one), BundleMaker::containerd, container_id)->attempt ==
      0);
  const auto odd = with(RuntimeHost::config(RuntimeHost::crio, one), R"(restartCount": "17")", R"(restartCount": "x")");
  CHECK(parse_bundle(odd, BundleMaker::crio, container_id)->attempt == 0);
}

TEST_CASE("a bundle whose annotations and cgroup are of different pods is refused") {
  auto forged = bundled;
  forged.cgroups_path = "/kubepods/pod00000000-0000-0000-0000-000000000000/" + container_id;
  CHECK(refusal_of(RuntimeHost::config(RuntimeHost::containerd, forged)).message.find("different pods") !=
        std::string::npos);
}

TEST_CASE("each runtime's annotations count in its own bundles only") {
  const auto containerd = RuntimeHost::config(RuntimeHost::containerd, bundled);
  const auto crio = RuntimeHost::config(RuntimeHost::crio, bundled);
  CHECK(refusal_of(containerd, BundleMaker::crio).code == Errc::not_found);
  CHECK(refusal_of(crio, BundleMaker::containerd).code == Errc::not_found);
  // What podman, ctr and others leave.
  for (const auto maker : {BundleMaker::containerd, BundleMaker::crio}) {
    CHECK(refusal_of("{}", maker).code == Errc::not_found);
    CHECK(
        refusal_of(R"({"annotations": {"io.kubernetes.cri-o.ContainerType": "container"}, "linux": {}})", maker).code ==
        Errc::not_found);
  }
}

TEST_CASE("damaged bundles are refused with a reason that quotes nothing of them") {
  const auto good = RuntimeHost::config(RuntimeHost::containerd, bundled);
  for (const std::string& bad : {
           std::string{},
           std::string{"[]"},
           std::string{"null"},
           std::string{"\"annotations\""},
           std::string{"1e999"},
           good.substr(0, good.size() / 2),
           good + "}",
           std::string{R"({"annotations": []})"},
           with(good, R"("container",)", R"(["container"],)"),
           with(good, R"("container",)", "7,"),
           with(good, R"("shop")", R"("Sh\u001bop")"),
           with(good, R"("shop")", R"("")"),
           with(good, R"(sandbox-name": "redis-7d9f-x2")", R"(sandbox-name": "../x")"),
           with(good, R"(container-name": "redis")", R"(container-name": "a/b")"),
           with(good, R"(sandbox-uid": ")", R"(sandbox-uid": "_)"),
           with(good, R"("cgroupsPath": ")", R"("cgroupsPath": ["x"], "other": ")"),
           R"({"process":)" + std::string(100, '[') + std::string(100, ']') + "}",
           std::string(kMostBundleBytes + 1, ' '),
       }) {
    INFO(bad.substr(0, 60));
    const auto refused = refusal_of(bad);
    CHECK(refused.code == Errc::protocol);
    CHECK(std::all_of(refused.message.begin(), refused.message.end(), [](char c) { return c >= ' ' && c <= '~'; }));
    CHECK(refused.message.find("..") == std::string::npos);
  }
}

TEST_CASE("the pod's uid is read from both drivers' paths, and from nothing else") {
  CHECK(pod_uid_in("/kubepods/pod" + pod_uid + "/" + container_id) == pod_uid);
  CHECK(pod_uid_in("kubepods-pod" + pod_uid_ + ".slice:cri-containerd:" + container_id) == pod_uid);
  CHECK(pod_uid_in("/kubepods/pod" + static_uid + "/" + container_id) == static_uid);
  for (const std::string& none :
       {std::string{}, std::string{"/"}, container_id, "/" + container_id, "/system.slice/" + container_id,
        "machine.slice:libpod:" + container_id, "kubepods-pod" + pod_uid + ".slice:cri-containerd:" + container_id,
        "kubepods-pod" + pod_uid_ + ":cri-containerd:" + container_id, std::string{"/kubepods/pod/"},
        "/kubepods/podx..y/" + container_id, std::string{"-pod.slice::"}}) {
    INFO(none);
    CHECK(pod_uid_in(none).empty());
  }
}
