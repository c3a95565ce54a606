// SPDX-License-Identifier: Apache-2.0
// GET /explain's document, and the part of POST /prioritize's that says what a boost changes. docs/api.md has both.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "mus/explain.hpp"

namespace mus {

[[nodiscard]] std::string explain_json(const Explanation& explanation);

/// Adds `forecast`, `effects`, `below_request` and `warnings`.
void add_outlook(nlohmann::ordered_json& document, const Outlook& outlook);

}  // namespace mus
