// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "mus/service.hpp"

namespace mus {

/// "pod=redis namespace=shop", for logs and messages: without control characters.
[[nodiscard]] std::string to_text(const Target& target);

}  // namespace mus
