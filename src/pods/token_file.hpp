// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "mus/result.hpp"

namespace mus {

/// The bearer token in a file, without the white space around it. Read anew for each request: the kubelet replaces
/// projected service account tokens at 80 % of their life (KEP-1205). Never part of a message.
[[nodiscard]] Result<std::string> read_token(const std::string& path);

}  // namespace mus
