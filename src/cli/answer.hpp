// SPDX-License-Identifier: Apache-2.0
// Reading the API's JSON, and tables of what is in it. Answers come from a daemon that may be of another version: what
// is missing is shown as missing, never a crash.
#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace mus {

/// null when absent, or when it is no object.
[[nodiscard]] const nlohmann::json& member(const nlohmann::json& object, const char* name);

/// 0 when absent or no number.
[[nodiscard]] double number_of(const nlohmann::json& object, const char* name);

[[nodiscard]] std::string fixed(double value, int digits);

using Row = std::vector<std::string>;

/// Columns as wide as they need to be, two spaces between them.
void print_table(const std::vector<Row>& rows, std::ostream& out);

}  // namespace mus
