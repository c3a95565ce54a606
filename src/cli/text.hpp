// SPDX-License-Identifier: Apache-2.0
// The API's JSON as text for people.
#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>

namespace mus {

void print_status(const nlohmann::json& status, std::ostream& out);
void print_pods(const nlohmann::json& answer, std::ostream& out);
void print_boosted(const nlohmann::json& answer, std::ostream& out);
void print_removed(const nlohmann::json& answer, std::ostream& out);

}  // namespace mus
