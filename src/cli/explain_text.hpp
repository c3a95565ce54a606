// SPDX-License-Identifier: Apache-2.0
// GET /explain, and what POST /prioritize says of others, as text for people.
#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>

namespace mus {

void print_explanation(const nlohmann::json& answer, std::ostream& out);

/// Who loses, who falls below their request, and warnings; nothing where there is nothing to say.
void print_outlook(const nlohmann::json& answer, std::ostream& out);

}  // namespace mus
