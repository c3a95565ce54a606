// SPDX-License-Identifier: Apache-2.0
// Which directories may not be boosted, whoever names them: those that hold everything or all pods of a kind.
#pragma once

#include <string>

#include "cgroup/tree.hpp"
#include "mus/result.hpp"

namespace mus {

/// Errc::invalid_argument with the reason, or nothing.
[[nodiscard]] Result<void> check_boostable(const Tree& tree, const std::string& path);

}  // namespace mus
