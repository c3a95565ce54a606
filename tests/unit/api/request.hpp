// SPDX-License-Identifier: Apache-2.0
// Short ways to write requests and read answers.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "api/router.hpp"
#include "http/query.hpp"
#include "mus/http.hpp"

namespace mus::test {

inline HttpRequest request(std::string method, const std::string& target) {
  HttpRequest out;
  out.method = std::move(method);
  const auto mark = target.find('?');
  out.path = target.substr(0, mark);
  if (mark != std::string::npos) out.query = parse_query(std::string_view(target).substr(mark + 1)).value();
  out.headers = {{"host", "localhost"}};
  return out;
}

inline HttpRequest json_request(std::string method, const std::string& path, std::string body) {
  auto out = request(std::move(method), path);
  out.headers.emplace_back("content-type", "application/json");
  out.body = std::move(body);
  return out;
}

inline HttpRequest over_tcp(HttpRequest out, const std::string& token = {}) {
  out.transport = HttpRequest::Transport::tcp;
  out.headers[0].second = "127.0.0.1:9797";
  if (!token.empty()) out.headers.emplace_back("authorization", "Bearer " + token);
  return out;
}

inline nlohmann::json parsed(const HttpResponse& response) {
  return nlohmann::json::parse(response.body);
}

inline std::string header_of(const HttpResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace mus::test
