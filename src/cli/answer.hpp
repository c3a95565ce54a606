// SPDX-License-Identifier: Apache-2.0
// Reading the API's JSON, and tables of what is in it. Answers come from a daemon that may be of another version: what
// is missing is shown as missing, never a crash.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace mus {

/// null when absent, or when it is no object.
[[nodiscard]] const nlohmann::json& member(const nlohmann::json& object, const char* name);

/// 0 when absent or no number.
[[nodiscard]] double number_of(const nlohmann::json& object, const char* name);

/// A member as text: strings as they are, numbers written out; `otherwise` when absent or null.
[[nodiscard]] std::string text_of(const nlohmann::json& object, const char* name, std::string otherwise = {});

/// Without control characters: what comes from elsewhere must not move the terminal's cursor.
[[nodiscard]] std::string printable(std::string_view text);
[[nodiscard]] std::string padded(std::string_view text, std::size_t width);
[[nodiscard]] std::string fixed(double value, int digits);
/// Its beginning and its end: a container's directory is told by its id, a slice by its name.
[[nodiscard]] std::string shortened(const std::string& text, std::size_t width);

using Row = std::vector<std::string>;

/// Columns as wide as they need to be, two spaces between them.
void print_table(const std::vector<Row>& rows, std::ostream& out);

}  // namespace mus
