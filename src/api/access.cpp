// SPDX-License-Identifier: Apache-2.0
#include "api/access.hpp"

#include <algorithm>

namespace mus {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

/// Takes as long for a wrong first character as for a wrong last one.
bool same_secret(std::string_view given, std::string_view wanted) {
  unsigned difference = given.size() == wanted.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const char other = wanted.empty() ? '\0' : wanted[i % wanted.size()];
    difference |= static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(other);
  }
  return difference == 0 && !wanted.empty();
}

bool has_valid_token(const HttpRequest& request, const std::string& token) {
  const auto value = request.header("authorization");
  constexpr std::string_view kScheme = "bearer ";
  if (value.size() < kScheme.size() || lower(value.substr(0, kScheme.size())) != kScheme) return false;
  return same_secret(value.substr(kScheme.size()), token);
}

/// A page's origin must be the very authority that it talks to: "http://" + Host.
bool is_same_origin(std::string_view origin, std::string_view host) {
  constexpr std::string_view kHttp = "http://";
  const auto text = lower(origin);
  return text.starts_with(kHttp) && text.substr(kHttp.size()) == lower(host);
}

std::size_t count(const HttpRequest& request, std::string_view name) {
  return static_cast<std::size_t>(std::count_if(request.headers.begin(), request.headers.end(),
                                                [name](const auto& header) { return header.first == name; }));
}

}  // namespace

bool is_loopback_authority(std::string_view authority) {
  const auto text = lower(authority);
  for (const std::string_view host : {"127.0.0.1", "[::1]", "localhost"}) {
    if (!text.starts_with(host)) continue;
    const auto rest = std::string_view(text).substr(host.size());
    if (rest.empty()) return true;
    const auto digits = rest.substr(1);
    return rest.front() == ':' && !digits.empty() && digits.size() <= 5 &&
           std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
  }
  return false;
}

std::optional<Problem> refuse_access(const HttpRequest& request, Exposure exposure, const AccessRules& rules) {
  if (request.transport == HttpRequest::Transport::unix_socket) return std::nullopt;

  // A name of an attacker's that resolves to loopback (DNS rebinding) shows in Host, and nowhere else.
  if (count(request, "host") != 1 || !is_loopback_authority(request.header("host"))) {
    return http_problem(421, "The Host header is not a loopback address.",
                        "Ask for 127.0.0.1, [::1] or localhost; any port will do.");
  }
  const auto site = request.header("sec-fetch-site");
  const bool other_site =
      count(request, "sec-fetch-site") > 1 || (!site.empty() && site != "same-origin" && site != "none");
  const bool other_origin =
      count(request, "origin") > 1 ||
      (count(request, "origin") == 1 && !is_same_origin(request.header("origin"), request.header("host")));
  if (other_site || other_origin) {
    return http_problem(403, "The request comes from a web page of another origin.",
                        "Use curl, mus-scheduler's own commands, or a page of this daemon.");
  }
  if (exposure == Exposure::open) return std::nullopt;
  if (count(request, "authorization") == 1 && has_valid_token(request, rules.token)) return std::nullopt;

  auto problem =
      http_problem(401, request.header("authorization").empty() ? "Over TCP this needs the daemon's token."
                                                                : "The token is not the daemon's present one.");
  problem.advice = rules.token_path.empty() ? "Send Authorization: Bearer TOKEN, or use the unix socket."
                                            : "Send Authorization: Bearer with the content of " + rules.token_path +
                                                  ", or use the unix socket.";
  problem.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"mus-scheduler\"");
  return problem;
}

}  // namespace mus
