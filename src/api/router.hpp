// SPDX-License-Identifier: Apache-2.0
// The REST API: from a request to the Service and back. docs/api.md is its reference.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "api/metrics.hpp"
#include "mus/events.hpp"
#include "mus/http.hpp"
#include "mus/service.hpp"

namespace mus {

/// What is at "/". Anybody may have it, so it holds nothing but asks the API for all. Both outlive the handler.
struct ApiPage {
  std::string_view html;    ///< empty: there is none
  std::string_view policy;  ///< for Content-Security-Policy
};

struct ApiOptions {
  std::string token;               ///< what TCP callers must send; empty: none is valid
  std::string token_path;          ///< named in the 401's advice
  EventLog* events = nullptr;      ///< what GET /events follows; must outlive the server. None: it answers 503
  std::size_t event_streams = 16;  ///< at once; more are refused
  MetricsOptions metrics{};
  ApiPage page{};
};

/// `service` must outlive the handler.
[[nodiscard]] std::unique_ptr<HttpHandler> make_api(Service& service, ApiOptions options);

}  // namespace mus
