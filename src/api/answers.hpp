// SPDX-License-Identifier: Apache-2.0
// What answers have in common.
#pragma once

#include <string>
#include <utility>

#include "mus/http.hpp"

namespace mus {

[[nodiscard]] inline HttpResponse plain_answer(std::string body, const char* type = "text/plain; charset=utf-8") {
  return {200, type, std::move(body), {}};
}
[[nodiscard]] inline HttpResponse json_answer(std::string body) {
  return {200, "application/json", std::move(body), {}};
}

/// With the headers that every answer has.
[[nodiscard]] inline HttpResponse finished(HttpResponse response) {
  response.headers.emplace_back("Cache-Control", "no-store");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return response;
}

}  // namespace mus
