// SPDX-License-Identifier: Apache-2.0
// What answers have in common.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "api/problem.hpp"
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

/// Answers in the API's manner, whatever happens in route().
class ApiHandler : public HttpHandler {
 public:
  HttpResponse handle(const HttpRequest& request) final {
    try {
      return finished(route(request));
    } catch (const std::exception&) {
      // Its text could tell a stranger about our insides; the daemon's log is the place for such things.
      return refuse(500, "The request failed inside the daemon; its log may say why.");
    }
  }

  HttpResponse refuse(int status, std::string_view detail) final {
    return finished(respond(http_problem(status, std::string(detail))));
  }

 private:
  virtual HttpResponse route(const HttpRequest& request) = 0;
};

}  // namespace mus
