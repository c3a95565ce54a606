// SPDX-License-Identifier: Apache-2.0
// The few files of sysfs and procfs that say what the scheduler slot and the machine look like.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mus {

/// First line of a small file, without the newline; empty optional when it cannot be read.
std::optional<std::string> read_line(const std::string& path);

/// Highest CPU id of a list such as "0-3,8" plus one; nothing for an empty or malformed list.
std::optional<std::uint32_t> cpu_list_end(const std::string& list);

/// The numbers of a list such as "0-3,8", ascending; those before the first thing that is malformed.
std::vector<std::uint32_t> cpu_list(const std::string& list);

/// /sys/kernel/sched_ext as it stands.
struct SchedExtState {
  bool present = false;  ///< the kernel has sched_ext at all
  std::string state;     ///< "disabled", "enabling", "enabled", "disabling"
  std::string ops;       ///< name of the scheduler that runs; empty when none
  std::uint64_t hotplug_seq = 0;
};
SchedExtState read_sched_ext_state(const std::string& sys_root);

}  // namespace mus
