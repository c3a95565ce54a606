// SPDX-License-Identifier: Apache-2.0
// Whatever a link in /var/log/containers is called and points to ("name\ntarget"): none, or valid names that the link's
// name is made of again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "pods/log_link.hpp"
#include "pods/names.hpp"

namespace mus::fuzz {

inline void log_link(std::string_view input) {
  const auto require = [](bool holds) {
    if (!holds) std::abort();
  };
  const auto line = input.find('\n');
  const auto name = input.substr(0, line);
  const auto link = parse_log_link(name, line == std::string_view::npos ? "" : input.substr(line + 1));
  if (!link) return;
  require(valid_label_name(link->ns) && valid_subdomain(link->pod) && valid_uid(link->uid));
  require(valid_label_name(link->container) && valid_container_id(link->id));
  require(name == link->pod + "_" + link->ns + "_" + link->container + "-" + link->id + ".log");
}

}  // namespace mus::fuzz

#ifndef MUS_FUZZ_SEEDS  // the unit test runs the seeds through the function above
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mus::fuzz::log_link({reinterpret_cast<const char*>(data), size});
  return 0;
}
#endif
