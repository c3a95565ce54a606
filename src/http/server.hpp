// SPDX-License-Identifier: Apache-2.0
// The listening side of HTTP: a unix socket, a loopback TCP port, or both, in front of one handler.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "http/limits.hpp"
#include "http/socket_address.hpp"
#include "mus/http.hpp"

namespace mus {

struct HttpServerOptions {
  std::string socket_path;                       ///< empty: no unix socket
  std::string socket_group;                      ///< name or number; empty: "mus-scheduler" where that group exists
  std::string tcp_address;                       ///< "127.0.0.1:9797", "[::1]:0", "localhost:9797"; empty: no TCP
  Interfaces interfaces = Interfaces::loopback;  ///< where tcp_address may be
  /// Paths that one worker serves and nothing else, so that they answer while every other worker waits for something.
  std::vector<std::string> reserved_paths = {"/livez"};
  HttpLimits limits;
};

/// `handler` must outlive the server. start() may be called again after stop().
[[nodiscard]] std::unique_ptr<HttpServer> make_http_server(HttpServerOptions options, HttpHandler& handler);

}  // namespace mus
