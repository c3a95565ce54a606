// SPDX-License-Identifier: Apache-2.0
// The asking side of HTTP. One connection per request: the callers ask seldom, and a renewed CA, pin or client
// certificate is then picked up without a restart.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "mus/http.hpp"
#include "mus/result.hpp"

namespace mus {

struct HttpClientLimits {
  std::chrono::milliseconds deadline{5000};         ///< for the whole exchange, connecting included
  std::size_t response_bytes = 64UL * 1024 * 1024;  ///< larger answers are Errc::protocol
};

/// How to know an https server. Exactly one of `ca_file` and `pin_file`; there is no third way.
struct TlsOptions {
  std::string ca_file;             ///< PEM: the authorities that may have signed the server's certificate
  std::string server_name;         ///< the name that it must carry, also sent as SNI; empty: the URL's host
  std::string pin_file;            ///< PEM: the very certificate that it must present
  std::string client_certificate;  ///< PEM, with `client_key`; both or neither
  std::string client_key;
};

struct HttpClientOptions {
  std::string url;  ///< "https://127.0.0.1:10250"; numeric host or localhost
  TlsOptions tls;
  /// Lets an http:// URL pass. Such a client refuses to send an Authorization header.
  bool allow_plain_http = false;
  HttpClientLimits limits;
};

/// Errc::invalid_argument for what can be told without connecting. Files are read at each request.
[[nodiscard]] Result<std::unique_ptr<HttpClient>> make_http_client(HttpClientOptions options);

/// To a server on a unix socket.
[[nodiscard]] std::unique_ptr<HttpClient> make_unix_client(std::string socket_path, HttpClientLimits limits = {});

}  // namespace mus
