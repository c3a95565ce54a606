// SPDX-License-Identifier: Apache-2.0
// JSON that people write: each value knows the line that it is in, for the message that says what is wrong with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mus/result.hpp"

namespace mus {

struct LinedJson {
  enum class Kind : std::uint8_t { null, boolean, number, text, list, object };
  Kind kind = Kind::null;
  std::size_t line = 1;
  bool flag = false;
  double number = 0;
  std::string text{};
  std::vector<LinedJson> items{};                            ///< of a list
  std::vector<std::pair<std::string, LinedJson>> members{};  ///< of an object, each name once

  [[nodiscard]] const LinedJson* find(std::string_view name) const;
};

/// "null", "true or false", "a number", ...
[[nodiscard]] const char* kind_text(LinedJson::Kind kind);

inline constexpr std::size_t kDeepestJson = 8;

/// Errc::invalid_argument, and "line 7: ..." of what is no JSON, nested deeper than that, or has a name twice.
[[nodiscard]] Result<LinedJson> parse_lined_json(std::string_view text);

}  // namespace mus
