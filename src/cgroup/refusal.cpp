// SPDX-License-Identifier: Apache-2.0
#include "cgroup/refusal.hpp"

#include <utility>

#include "cgroup/kube_layout.hpp"

namespace mus {

Result<void> check_boostable(const Tree& tree, const std::string& path) {
  const std::string advice = "name a pod (pod=), a container's directory, a unit or a service's directory";
  if (path == "/") {
    return fail(Errc::invalid_argument, "the root cgroup holds everything: a boost of it favours nothing", advice);
  }
  switch (kube::place_of(path).place) {
    case kube::Place::kubepods:
      return fail(Errc::invalid_argument,
                  path +
                      " holds all pods of the node: a boost of it would set them all against "
                      "the kubelet and the system",
                  advice);
    case kube::Place::qos:
      return fail(Errc::invalid_argument, path + " holds all pods of a QoS class, and the kubelet manages its weight",
                  advice);
    case kube::Place::outside:
      for (const auto& child : tree.children(path)) {
        if (kube::step(kube::Place::outside, child).place == kube::Place::kubepods) {
          auto why = path;
          why.append(" holds ").append(child).append(", that is all pods of the node");
          return fail(Errc::invalid_argument, std::move(why), advice);
        }
      }
      break;
    default:
      break;
  }
  return {};
}

}  // namespace mus
