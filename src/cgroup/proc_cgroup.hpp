// SPDX-License-Identifier: Apache-2.0
// What /proc/<pid>/cgroup and /proc/<pid>/stat say. Pure: text in, meaning out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mus/result.hpp"

namespace mus {

/// The cgroup v2 line. Seen from a private cgroup namespace the path is relative to that namespace's root, which we do
/// not know: "/../../kubepods.slice/x" (cgroup_namespaces(7)). Then only the tail is of use.
struct ProcCgroup {
  std::string tail;       ///< "/kubepods.slice/x", leading ".." dropped; "/" when nothing is left
  bool relative = false;  ///< there were leading ".."
  bool deleted = false;   ///< the directory is gone, the process is on its way out
};
[[nodiscard]] Result<ProcCgroup> parse_proc_cgroup(std::string_view text);

/// Do two paths name the same directory as far as both can be seen? True when one is a tail of the other, whole
/// components only; "/" agrees with "/" alone.
[[nodiscard]] bool same_tail(std::string_view a, std::string_view b);

struct ProcStat {
  std::uint64_t start_time = 0;  ///< ticks since boot: with the pid, the identity of a process
  bool kernel_thread = false;
};
[[nodiscard]] Result<ProcStat> parse_proc_stat(std::string_view text);

}  // namespace mus
