// SPDX-License-Identifier: Apache-2.0
// Any directory name: an identity is letters that we accept, and a pod's uid leads back to where it was found.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cgroup/kube_layout.hpp"

namespace mus::fuzz {

inline void kube_layout(std::string_view input) {
  const auto require = [](bool holds) {
    if (!holds) std::abort();
  };
  const auto found = kube::place_of(input);
  const bool identified = found.place == kube::Place::pod || found.place == kube::Place::container;
  require(identified == !found.identity.empty());
  if (found.place == kube::Place::pod) {
    require(kube::valid_uid(found.identity));
    for (const auto& path : kube::usual_pod_paths(found.identity)) {
      require(kube::place_of(path).place == kube::Place::pod && kube::place_of(path).identity == found.identity);
    }
  }
  if (found.place == kube::Place::container) {
    require(found.identity.size() >= 12 && found.identity.size() <= 64);
    require(found.identity.find_first_not_of("0123456789abcdef") == std::string::npos);
  }
  using enum kube::Place;
  for (const auto parent : {outside, kubepods, qos, pod, container, beyond}) {
    const auto below = kube::step(parent, input).place;
    // Only ever one level down, and never out again.
    if (parent == container || parent == beyond) require(below == beyond);
    if (parent == pod) require(below == container || below == beyond);
  }
}

}  // namespace mus::fuzz

#ifndef MUS_FUZZ_SEEDS
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mus::fuzz::kube_layout({reinterpret_cast<const char*>(data), size});
  return 0;
}
#endif
