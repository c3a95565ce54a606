// SPDX-License-Identifier: Apache-2.0
// Is there a cgroup v2 tree for us? Asked by `check` and `run` before anything else is tried.
#pragma once

#include <string>

#include "mus/result.hpp"

namespace mus {

/// Errc::unsupported with what was found instead (hybrid, v1, something else) and what to do.
[[nodiscard]] Result<void> check_cgroup2(const std::string& root);

/// Is the cpu controller in that tree? Without it cpu.weight, cpu.max and cpu.idle are elsewhere, where we do not look,
/// or nowhere. Errc::unsupported with what to do.
[[nodiscard]] Result<void> check_cpu_controller(const std::string& root);

}  // namespace mus
