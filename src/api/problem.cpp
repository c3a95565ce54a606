// SPDX-License-Identifier: Apache-2.0
#include "api/problem.hpp"

#include <algorithm>
#include <array>

#include "api/json.hpp"

namespace mus {
namespace {

constexpr std::chrono::seconds kRetry{2};

struct Kind {
  int status;
  const char* slug;
  const char* title;
};

constexpr Kind kind_of(Errc code) {
  switch (code) {
    case Errc::invalid_argument:
      return {400, "invalid-argument", "A parameter is wrong"};
    case Errc::unauthorized:
      return {401, "unauthorized", "No valid credential"};
    case Errc::forbidden:
      return {403, "forbidden", "Understood and refused"};
    case Errc::not_found:
      return {404, "not-found", "There is no such thing"};
    case Errc::ambiguous:
      return {409, "ambiguous", "Several match"};
    case Errc::rate_limited:
      return {429, "rate-limited", "Too many requests"};
    case Errc::unavailable:
      return {503, "unavailable", "Not available just now"};
    case Errc::capacity:
      return {507, "capacity", "There is no room for it"};
    case Errc::unsupported:
      return {503, "unsupported", "This machine cannot do it"};
    case Errc::busy:
      return {503, "busy", "Another scheduler is attached"};
    case Errc::io:
      return {500, "io", "The system refused"};
    case Errc::protocol:
      return {502, "protocol", "The other side answered with garbage"};
    case Errc::internal:
      break;
  }
  return {500, "internal", "A mistake of the daemon's own"};
}

constexpr std::array kHttpKinds{
    Kind{400, "malformed-request", "The request is malformed"},
    Kind{401, "unauthorized", "No valid credential"},
    Kind{403, "cross-origin", "Not from a page of another origin"},
    Kind{404, "no-such-path", "There is no such path"},
    Kind{405, "method-not-allowed", "The path does not have this method"},
    Kind{408, "too-slow", "The request came too slowly"},
    Kind{411, "length-required", "The body's length is not given"},
    Kind{413, "body-too-large", "The body is too large"},
    Kind{414, "request-line-too-long", "The request line is too long"},
    Kind{415, "unsupported-media-type", "The body is not JSON"},
    Kind{421, "wrong-host", "The Host header names another server"},
    Kind{431, "headers-too-large", "The headers are too large"},
    Kind{500, "internal", "A mistake of the daemon's own"},
    Kind{503, "overloaded", "Too busy"},
};

}  // namespace

Problem to_problem(const Error& error) {
  const auto kind = kind_of(error.code);
  Problem out{kind.status, kind.slug, kind.title, error.message, error.advice, {}, {}, {}};
  if (error.code == Errc::unavailable) out.retry_after = kRetry;
  return out;
}

Problem to_problem(const ServiceError& error) {
  auto out = to_problem(error.error);
  out.candidates = error.candidates;
  out.retry_after = error.retry_after;  // the service knows whether waiting helps
  return out;
}

Problem http_problem(int status, std::string detail, std::string advice) {
  const auto* found = std::ranges::find_if(kHttpKinds, [&](const Kind& k) { return k.status == status; });
  Problem out{status, "http", "The request was refused", std::move(detail), std::move(advice), {}, {}, {}};
  if (found != kHttpKinds.end()) {
    out.slug = found->slug;
    out.title = found->title;
  }
  if (status == 503) out.retry_after = kRetry;
  return out;
}

HttpResponse respond(const Problem& problem) {
  HttpResponse out{problem.status, "application/problem+json", problem_json(problem), problem.headers};
  if (problem.retry_after) out.headers.emplace_back("Retry-After", std::to_string(problem.retry_after->count()));
  return out;
}

}  // namespace mus
