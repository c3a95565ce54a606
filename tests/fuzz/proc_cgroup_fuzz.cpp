// SPDX-License-Identifier: Apache-2.0
// Any text in /proc/<pid>/cgroup and stat: an error, or a path that is safe to use below the cgroup root.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cgroup/names.hpp"
#include "cgroup/proc_cgroup.hpp"

namespace mus::fuzz {

inline void proc_cgroup(std::string_view input) {
  const auto require = [](bool holds) {
    if (!holds) std::abort();
  };
  if (const auto said = parse_proc_cgroup(input)) {
    require(plain_path(said->tail) && said->tail.find("/../") == std::string::npos);
    require(same_tail(said->tail, said->tail));
    if (said->tail != "/") require(same_tail("/x" + said->tail, said->tail) && !same_tail(said->tail, "/"));
  } else {
    require(!said.error().message.empty());
  }
  (void)parse_proc_stat(input);
}

}  // namespace mus::fuzz

#ifndef MUS_FUZZ_SEEDS
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mus::fuzz::proc_cgroup({reinterpret_cast<const char*>(data), size});
  return 0;
}
#endif
