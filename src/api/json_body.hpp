// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mus/result.hpp"

namespace mus {

/// One parameter, wherever it came from.
struct Parameter {
  enum class Type : std::uint8_t { query, text, number, boolean };  ///< query: could be any of the others
  std::string name;
  std::string value;
  Type type = Type::query;
};

/// A JSON object of plain values, in order, repeats kept. Anything nested is an error before it is followed, so depth
/// costs nothing.
[[nodiscard]] Result<std::vector<Parameter>> parse_json_body(std::string_view body);

}  // namespace mus
