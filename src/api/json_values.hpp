// SPDX-License-Identifier: Apache-2.0
// How single values are written in the API's documents.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "mus/types.hpp"

namespace mus {

/// As a string: JSON readers that use doubles would round ids above 2^53.
[[nodiscard]] std::string id_text(CgroupId id);

/// More digits than mean something would only be noise.
[[nodiscard]] double rounded(double value);

/// null for an empty text.
[[nodiscard]] nlohmann::ordered_json or_null(const std::string& value);

}  // namespace mus
