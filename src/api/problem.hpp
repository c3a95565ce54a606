// SPDX-License-Identifier: Apache-2.0
// Refusals as RFC 9457 problem documents.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mus/http.hpp"
#include "mus/result.hpp"
#include "mus/service.hpp"

namespace mus {

struct Problem {
  int status = 500;
  std::string slug = "internal";  ///< the type is "urn:mus-scheduler:problem:<slug>"
  std::string title;
  std::string detail;
  std::string advice;
  std::vector<std::string> candidates;
  std::optional<std::chrono::seconds> retry_after;
  std::vector<std::pair<std::string, std::string>> headers;
};

[[nodiscard]] Problem to_problem(const Error& error);
[[nodiscard]] Problem to_problem(const ServiceError& error);
/// A problem of HTTP itself (404, 405, 413 ...).
[[nodiscard]] Problem http_problem(int status, std::string detail, std::string advice = {});

[[nodiscard]] HttpResponse respond(const Problem& problem);

}  // namespace mus
