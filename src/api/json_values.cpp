// SPDX-License-Identifier: Apache-2.0
#include "api/json_values.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

namespace mus {

std::string id_text(CgroupId id) {
  return std::to_string(to_u64(id));
}

nlohmann::ordered_json or_null(const std::string& value) {
  using Json = nlohmann::ordered_json;
  return value.empty() ? Json(nullptr) : Json(value);
}

double rounded(double value) {
  constexpr double kDigits = 1e4;
  return std::round(value * kDigits) / kDigits;
}

}  // namespace mus
