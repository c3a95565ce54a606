// SPDX-License-Identifier: Apache-2.0
// The real router over the fake service, listening on a unix socket and on a TCP port of the kernel's choice.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "api/router.hpp"
#include "daemon/event_log.hpp"
#include "http/server.hpp"
#include "support/fake_service.hpp"
#include "support/raw_socket.hpp"
#include "support/temp_dir.hpp"

namespace mus::test {

class ApiServer {
 public:
  explicit ApiServer(HttpLimits limits = {}, std::size_t event_streams = 16)
      : api_(make_api(service, {"secret", "/run/token", &events, event_streams})) {
    HttpServerOptions options;
    options.socket_path = socket();
    options.tcp_address = "127.0.0.1:0";
    options.limits = limits;
    server_ = make_http_server(std::move(options), *api_);
    if (auto started = server_->start(); !started) throw std::runtime_error(started.error().message);
  }

  [[nodiscard]] int port() const { return server_->port(); }
  [[nodiscard]] std::string socket() const { return directory_.str() + "/run/api.sock"; }
  [[nodiscard]] HttpServer& server() { return *server_; }

  /// Sends bytes over TCP and returns all that comes back until the server closes.
  [[nodiscard]] std::string tcp(std::string_view bytes) const {
    RawSocket client(port());
    client.send(bytes);
    return client.read_all();
  }
  [[nodiscard]] std::string unix_socket(std::string_view bytes) const {
    RawSocket client(socket());
    client.send(bytes);
    return client.read_all();
  }

  FakeService service;
  EventRing events;

 private:
  TempDir directory_;
  std::unique_ptr<HttpHandler> api_;
  std::unique_ptr<HttpServer> server_;
};

/// A request that asks for the connection's end, so that read_all() has one.
inline std::string http(const std::string& method, const std::string& target, const std::string& more_headers = {},
                        const std::string& body = {}) {
  std::string out = method + " " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" + more_headers;
  if (!body.empty()) out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return out + "\r\n" + body;
}

inline constexpr const char* kToken = "Authorization: Bearer secret\r\n";
inline constexpr const char* kJson = "Content-Type: application/json\r\n";

}  // namespace mus::test
