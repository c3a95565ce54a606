// SPDX-License-Identifier: Apache-2.0
// The second opinion on a container's directory: what /proc says of the processes in it.
#pragma once

#include <string>

#include "cgroup/tree.hpp"

namespace mus {

enum class ProcessCheck {
  agrees,     ///< a process listed in the directory names it in /proc/<pid>/cgroup
  disagrees,  ///< processes are visible and none of them does
  unseen,     ///< no process, or none that we may see (another pid namespace, hidepid)
};

[[nodiscard]] ProcessCheck check_processes(const Tree& tree, const std::string& path, const std::string& proc_root);

}  // namespace mus
