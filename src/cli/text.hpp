// SPDX-License-Identifier: Apache-2.0
// The API's JSON as text for people.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace mus {

void print_status(const nlohmann::json& status, std::ostream& out);
void print_pods(const nlohmann::json& answer, std::ostream& out);
void print_boosted(const nlohmann::json& answer, std::ostream& out);
void print_removed(const nlohmann::json& answer, std::ostream& out);

/// Without control characters: what comes from elsewhere must not move the terminal's cursor.
[[nodiscard]] std::string printable(std::string_view text);
[[nodiscard]] std::string padded(std::string_view text, std::size_t width);

/// A member as text: strings as they are, numbers written out; `otherwise` when absent or null.
[[nodiscard]] std::string text_of(const nlohmann::json& object, const char* name, std::string otherwise = {});

/// "1h30m", "45s", "0.2s".
[[nodiscard]] std::string duration_text(double seconds);

}  // namespace mus
