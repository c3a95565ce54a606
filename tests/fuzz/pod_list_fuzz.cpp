// SPDX-License-Identifier: Apache-2.0
// Whatever a kubelet, or what poses as one, sends: an error or pods with valid names only.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "pods/names.hpp"
#include "pods/pod_list_parser.hpp"
#include "pods/quantity.hpp"

namespace mus::fuzz {

inline void pod_list(std::string_view input) {
  const auto parsed = parse_pod_list(input);
  const auto require = [](bool holds) {
    if (!holds) std::abort();
  };
  if (!parsed) {
    require(parsed.error().code == Errc::protocol && !parsed.error().message.empty());
    for (const char c : parsed.error().message) require(c >= ' ' && c <= '~');
    return;
  }
  for (const auto& pod : parsed->pods) {
    require(valid_subdomain(pod.name) && valid_label_name(pod.ns) && valid_uid(pod.uid));
    require(pod.node.empty() || valid_subdomain(pod.node));
    require(pod.config_hash.empty() || valid_uid(pod.config_hash));
    for (const auto& [key, value] : pod.labels) require(valid_label(key, value));
    for (const auto& container : pod.containers) {
      require(valid_label_name(container.name));
      require(container.id.empty() || container_id_of("x://" + container.id) == container.id);
      require(!container.cpu_request_millis || *container.cpu_request_millis <= kMostCpuMillis);
    }
  }
}

}  // namespace mus::fuzz

#ifndef MUS_FUZZ_SEEDS  // the unit test runs the seeds through the function above
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mus::fuzz::pod_list({reinterpret_cast<const char*>(data), size});
  return 0;
}
#endif
