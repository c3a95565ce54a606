// SPDX-License-Identifier: Apache-2.0
// HTTP without a library in sight: what a request and a response are, who answers, who asks.
// src/http implements server and client on cpp-httplib; src/api answers; src/pods and src/cli ask.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mus/result.hpp"

namespace mus {

/// Who connected, as the kernel remembers it from then (SO_PEERCRED, unix(7)); the ids are those in our namespaces.
struct PeerCredentials {
  std::int64_t pid = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

struct HttpRequest {
  enum class Transport { unix_socket, tcp };
  Transport transport = Transport::unix_socket;
  std::string method;                                        ///< upper case
  std::string path;                                          ///< decoded, without query
  std::vector<std::pair<std::string, std::string>> query;    ///< decoded, in order, repeats kept
  std::vector<std::pair<std::string, std::string>> headers;  ///< names lower-cased, repeats kept
  std::string body;
  std::optional<PeerCredentials> peer;  ///< unix socket only

  /// First value of a header (lower-case name), or empty.
  [[nodiscard]] std::string_view header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (key == name) return value;
    }
    return {};
  }
};

/// An answer's body that goes on for as long as the client stays. The server's one thread asks for it, at the pace at
/// which the client takes it, so nothing here may wait, or throw. Not thread-safe. Destroyed by whichever of the
/// server's threads notices the end of the connection.
class HttpStream {
 public:
  virtual ~HttpStream() = default;
  /// Called first. From then on `wake` is to be called, from any thread, when next() has something again after it had
  /// nothing; never after the stream is gone.
  virtual void start(std::function<void()> wake) = 0;
  /// What comes now, about `room` bytes of it; empty: nothing for the time being; none: it ends here.
  virtual std::optional<std::string> next(std::size_t room) = 0;
  /// What is sent after a silence, to show that the connection lives.
  virtual std::string heartbeat() = 0;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  ///< never a value taken from a request
  std::shared_ptr<HttpStream> stream{};                      ///< instead of `body`
};

/// Answers requests. Called from several threads at once; must not throw.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  virtual HttpResponse handle(const HttpRequest& request) = 0;
  /// The answer of the server itself to what never reached handle(): malformed, too large, too many.
  virtual HttpResponse refuse(int status, std::string_view detail) = 0;
};

/// A listening server on a unix socket, TCP, or both.
class HttpServer {
 public:
  virtual ~HttpServer() = default;
  /// Binds and starts answering; on error nothing listens.
  virtual Result<void> start() = 0;
  /// Stops accepting, lets running requests end (bounded), joins all threads. Idempotent.
  virtual void stop() = 0;
  /// The TCP port in use (after port 0 was asked for), 0 without TCP.
  [[nodiscard]] virtual int port() const = 0;
};

struct HttpReply {
  int status = 0;
  std::string content_type;
  std::string body;
};

/// Asks one server, named at construction (src/http/client.hpp). Thread-safe.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  /// Any status is a success; Error means no complete answer: unavailable (connect, time-out),
  /// protocol (larger than the cap, malformed), unauthorized (the server's certificate was not accepted).
  virtual Result<HttpReply> send(std::string_view method, const std::string& path_and_query,
                                 const std::map<std::string, std::string>& headers, const std::string& body) = 0;
};

/// Follows an HttpStream. Thread-safe.
class HttpStreamClient {
 public:
  virtual ~HttpStreamClient() = default;
  /// GETs, and hands what comes to `take`, piece by piece, until the server ends it or `take` says false. Any status is
  /// a success, as in HttpClient; the body of one that is not 200 is in the reply, and `take` is not called. Errors as
  /// there; unavailable, too, after a silence of several heartbeats.
  virtual Result<HttpReply> follow(const std::string& path_and_query,
                                   const std::function<bool(std::string_view)>& take) = 0;
};

}  // namespace mus
