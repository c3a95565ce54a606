// SPDX-License-Identifier: Apache-2.0
#include "pods/bundle_parser.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <string>

#include "support/runtime_host.hpp"

using namespace mus;
using test::HostContainer;
using test::RuntimeHost;

namespace {

const std::string uid = "3f2c9a10-7b6e-4d1e-9c55-0123456789ab";
const std::string uid_ = "3f2c9a10_7b6e_4d1e_9c55_0123456789ab";
const std::string id(64, 'e');
const HostContainer redis{"shop", "redis-7d9f-x2", uid, "redis", id};

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

ContainerIdentity identity(const std::string& json, BundleMaker maker) {
  const auto bundle = parse_bundle(json, maker, id);
  INFO((bundle ? "" : bundle.error().message));
  REQUIRE(bundle.has_value());
  return bundle->identity;
}

Error error(const std::string& json, BundleMaker maker = BundleMaker::containerd) {
  const auto bundle = parse_bundle(json, maker, id);
  REQUIRE_FALSE(bundle.has_value());
  return bundle.error();
}

}  // namespace

TEST_CASE("a container's bundle says whose it is, with either driver and either runtime") {
  const ContainerIdentity expected{id, "shop", "redis-7d9f-x2", uid, "redis", false};
  for (const std::string& path :
       {"/kubepods/burstable/pod" + uid + "/" + id, "/kubepods/pod" + uid + "/" + id,
        "/kubelet/kubepods/besteffort/pod" + uid + "/" + id, "/kubepods/burstable/pod" + uid + "/crio-" + id,
        "kubepods-burstable-pod" + uid_ + ".slice:cri-containerd:" + id, "kubepods-pod" + uid_ + ".slice:crio:" + id,
        "kubelet-kubepods-besteffort-pod" + uid_ + ".slice:cri-containerd:" + id,
        "/k8s.io/" + id,  // no cgroups for pods: nothing to compare with
        std::string{}}) {
    INFO(path);
    auto one = redis;
    one.cgroups_path = path;
    CHECK(identity(RuntimeHost::config(RuntimeHost::containerd, one), BundleMaker::containerd) == expected);
    CHECK(identity(RuntimeHost::config(RuntimeHost::crio, one), BundleMaker::crio) == expected);
  }
}

TEST_CASE("a sandbox's bundle is told from a container's") {
  auto sandbox = redis;
  sandbox.container.clear();
  const ContainerIdentity expected{id, "shop", "redis-7d9f-x2", uid, "", true};
  CHECK(identity(RuntimeHost::config(RuntimeHost::containerd, sandbox), BundleMaker::containerd) == expected);
  const auto crio = RuntimeHost::config(RuntimeHost::crio, sandbox);
  CHECK(identity(crio, BundleMaker::crio) == expected);
  // A pod's annotations go into it over CRI-O's own, but not over the kubelet's labels.
  CHECK(identity(with(crio, R"(ContainerType": "sandbox")", R"(ContainerType": "container")"), BundleMaker::crio) ==
        expected);
  CHECK(identity(with(crio, R"(KubeName": "redis-7d9f-x2")", R"(KubeName": "victim")"), BundleMaker::crio) == expected);
}

TEST_CASE("containerd before 1.7 says the uid in the cgroup's path only") {
  const auto old = without(RuntimeHost::config(RuntimeHost::containerd, redis),
                           ",\n    \"io.kubernetes.cri.sandbox-uid\": \"" + uid + "\"");
  CHECK(identity(old, BundleMaker::containerd).uid == uid);
  auto slice = redis;
  slice.cgroups_path = "kubepods-besteffort-pod" + uid_ + ".slice:cri-containerd:" + id;
  CHECK(identity(without(RuntimeHost::config(RuntimeHost::containerd, slice),
                         ",\n    \"io.kubernetes.cri.sandbox-uid\": \"" + uid + "\""),
                 BundleMaker::containerd)
            .uid == uid);
  const auto none = with(old, "/kubepods/burstable/pod" + uid + "/", "/k8s.io/");
  CHECK(error(none).code == Errc::protocol);
}

TEST_CASE("CRI-O says how often a container was started again") {
  auto one = redis;
  one.restarts = 17;
  CHECK(parse_bundle(RuntimeHost::config(RuntimeHost::crio, one), BundleMaker::crio, id)->attempt == 17);
  CHECK(parse_bundle(RuntimeHost::config(RuntimeHost::containerd, one), BundleMaker::containerd, id)->attempt == 0);
  const auto odd = with(RuntimeHost::config(RuntimeHost::crio, one), R"(restartCount": "17")", R"(restartCount": "x")");
  CHECK(parse_bundle(odd, BundleMaker::crio, id)->attempt == 0);
}

TEST_CASE("a bundle whose annotations and cgroup are of different pods is refused") {
  auto forged = redis;
  forged.cgroups_path = "/kubepods/pod00000000-0000-0000-0000-000000000000/" + id;
  CHECK(error(RuntimeHost::config(RuntimeHost::containerd, forged)).message.find("different pods") !=
        std::string::npos);
}

TEST_CASE("each runtime's annotations count in its own bundles only") {
  const auto containerd = RuntimeHost::config(RuntimeHost::containerd, redis);
  const auto crio = RuntimeHost::config(RuntimeHost::crio, redis);
  CHECK(error(containerd, BundleMaker::crio).code == Errc::not_found);
  CHECK(error(crio, BundleMaker::containerd).code == Errc::not_found);
  // What podman, ctr and others leave.
  for (const auto maker : {BundleMaker::containerd, BundleMaker::crio}) {
    CHECK(error("{}", maker).code == Errc::not_found);
    CHECK(error(R"({"annotations": {"io.kubernetes.cri-o.ContainerType": "container"}, "linux": {}})", maker).code ==
          Errc::not_found);
  }
}

TEST_CASE("damaged bundles are refused with a reason that quotes nothing of them") {
  const auto good = RuntimeHost::config(RuntimeHost::containerd, redis);
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
    const auto refused = error(bad);
    CHECK(refused.code == Errc::protocol);
    CHECK(std::all_of(refused.message.begin(), refused.message.end(), [](char c) { return c >= ' ' && c <= '~'; }));
    CHECK(refused.message.find("..") == std::string::npos);
  }
}

TEST_CASE("the pod's uid is read from both drivers' paths, and from nothing else") {
  CHECK(pod_uid_in("/kubepods/pod" + uid + "/" + id) == uid);
  CHECK(pod_uid_in("kubepods-pod" + uid_ + ".slice:cri-containerd:" + id) == uid);
  CHECK(pod_uid_in("/kubepods/pod2c8bcf396f1f0616612b8da61fb949d6/" + id) == "2c8bcf396f1f0616612b8da61fb949d6");
  for (const std::string& none :
       {std::string{}, std::string{"/"}, id, "/" + id, "/system.slice/" + id, "machine.slice:libpod:" + id,
        "kubepods-pod" + uid + ".slice:cri-containerd:" + id, "kubepods-pod" + uid_ + ":cri-containerd:" + id,
        std::string{"/kubepods/pod/"}, "/kubepods/podx..y/" + id, std::string{"-pod.slice::"}}) {
    INFO(none);
    CHECK(pod_uid_in(none).empty());
  }
}
