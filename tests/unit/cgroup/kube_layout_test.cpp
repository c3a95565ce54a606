// SPDX-License-Identifier: Apache-2.0
#include "cgroup/kube_layout.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "unit/cgroup/names.hpp"

using namespace mus::kube;
using namespace mus::test;

namespace {
const std::string static_uid = "2c8bcf396f1f0616612b8da61fb949d6";
}  // namespace

TEST_CASE("containers of both drivers, all runtimes and prefixed roots are recognised with uid and id") {
  struct Row {
    std::string pod, uid, leaf;
  };
  const std::string q = "kubepods-burstable-pod", k = "/kubelet.slice/kubelet-kubepods.slice/kubelet-";
  for (const auto& [pod, expected, leaf] : {
           Row{"/kubepods/pod" + uid, uid, id},
           Row{"/kubepods/burstable/pod" + uid, uid, id},
           Row{"/kubepods/besteffort/pod" + static_uid, static_uid, id},
           Row{"/kubepods.slice/kubepods-pod" + uid_ + ".slice", uid, "cri-containerd-" + id + ".scope"},
           Row{"/kubepods.slice/kubepods-burstable.slice/" + q + uid_ + ".slice", uid, "crio-" + id + ".scope"},
           Row{"/kubepods.slice/kubepods-burstable.slice/" + q + static_uid + ".slice", static_uid,
               "docker-" + id + ".scope"},
           Row{"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + uid_ + ".slice", uid,
               "libpod-" + id + ".scope"},
           // kind, seen from the host
           Row{"/system.slice/docker-" + id + ".scope" + k + "kubepods-burstable.slice/kubelet-" + q + uid_ + ".slice",
               uid, "cri-containerd-" + id + ".scope"},
           Row{"/system.slice/docker-" + id + ".scope/kubelet/kubepods/burstable/pod" + uid, uid, id},
           // CRI-O's dropped-infra sandbox
           Row{"/kubepods.slice/kubepods-pod" + uid_ + ".slice", uid, "crio-" + id},
       }) {
    INFO(pod);
    CHECK(place_of(pod).place == Place::pod);
    CHECK(place_of(pod).identity == expected);
    CHECK(place_of(pod + "/" + leaf).place == Place::container);
    CHECK(place_of(pod + "/" + leaf).identity == id);
    // crun's payload, and what a container with a writable cgroup may make to look like another pod.
    CHECK(place_of(pod + "/" + leaf + "/container").place == Place::beyond);
    CHECK(place_of(pod + "/" + leaf + "/kubepods/pod" + uid + "/" + id).place == Place::beyond);
  }
}

TEST_CASE("roots and QoS levels are told from what merely looks alike") {
  for (const std::string path :
       {"/kubepods", "/kubepods.slice", "/kubelet.slice/kubelet-kubepods.slice", "/k8s/kubepods"}) {
    CHECK(place_of(path).place == Place::kubepods);
  }
  for (const std::string path :
       {"/kubepods/burstable", "/kubepods/besteffort", "/kubepods.slice/kubepods-besteffort.slice",
        "/a.slice/a-kubepods.slice/a-kubepods-burstable.slice"}) {
    CHECK(place_of(path).place == Place::qos);
  }
  for (const std::string& path : std::vector<std::string>{
           "/", "", "/system.slice", "/mykubepods.slice", "/kubepods2", "/burstable", "/pod" + uid, "/kubepods.scope",
           "/system.slice/cri-containerd-" + id + ".scope", "/podruntime.slice"}) {
    INFO(path);
    CHECK(place_of(path).place == Place::outside);
  }
}

TEST_CASE("what is not a container of a pod is none") {
  const std::string pod = "/kubepods.slice/kubepods-pod" + uid_ + ".slice/";
  for (const std::string& leaf :
       {"crio-conmon-" + id + ".scope", "libpod-conmon-" + id + ".scope", std::string{"container"},
        std::string{"init.scope"}, "cri-containerd-" + std::string(65, 'a') + ".scope",
        "cri-containerd-" + std::string(11, 'a') + ".scope", std::string(64, 'g'), std::string(64, 'A'),
        "cri-containerd-cri-containerd-" + id, "unknown-" + id}) {
    INFO(leaf);
    CHECK(place_of(pod + leaf).place == Place::beyond);
  }
  for (const std::string& name :
       {std::string{"pod"}, std::string{"podx/.."}, "pod" + std::string(129, 'a'), "kubepods-pod" + uid + ".slice",
        std::string{"kubepods-pod.slice"}, "x-pod" + uid_ + ".slice"}) {
    INFO(name);
    CHECK(step(Place::kubepods, name).place == Place::beyond);
  }
}

TEST_CASE("the usual places of a pod are the places that the grammar reads back") {
  for (const auto& wanted : {uid, static_uid, std::string{"chosen-in-a-manifest"}}) {
    const auto paths = usual_pod_paths(wanted);
    CHECK(paths.size() == 6);
    for (const auto& path : paths) {
      CHECK(place_of(path).place == Place::pod);
      CHECK(place_of(path).identity == wanted);
    }
  }
  CHECK(usual_pod_paths("../x").empty());
  CHECK(usual_pod_paths("").empty());
}
