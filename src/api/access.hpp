// SPDX-License-Identifier: Apache-2.0
// Who may ask what. On the unix socket the file's mode has decided already; loopback TCP is open to every process of
// the node, to every host-network pod and, through a browser, to every web page.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/problem.hpp"
#include "mus/http.hpp"

namespace mus {

struct AccessRules {
  std::string token;       ///< empty: no token is valid
  std::string token_path;  ///< for the message that says where to find it
};

/// What a route is, for the purpose of access.
enum class Exposure : std::uint8_t {
  open,     ///< names no pod: /livez, /readyz, /version, /openapi.json
  guarded,  ///< tells about pods and boosts, or changes something
};

/// Empty: go on.
[[nodiscard]] std::optional<Problem> refuse_access(const HttpRequest& request, Exposure exposure,
                                                   const AccessRules& rules);

/// Host or authority ("127.0.0.1:9797", "[::1]", "localhost"): a loopback, with any port?
[[nodiscard]] bool is_loopback_authority(std::string_view authority);

}  // namespace mus
