// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "mus/scheduler.hpp"

namespace mus {

/// Can this node run us? Kernel, sched_ext, BTF, capabilities, CPUs, other schedulers. Changes nothing, needs no right.
std::vector<CheckItem> check_kernel(const std::string& sys_root = "/sys", const std::string& proc_root = "/proc");

/// uname -r.
std::string kernel_release();

}  // namespace mus
