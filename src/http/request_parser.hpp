// SPDX-License-Identifier: Apache-2.0
// From the bytes of one framed request to the bytes of its answer: cpp-httplib does the HTTP, an HttpHandler the rest.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "mus/http.hpp"

namespace mus {

/// Where a request came from.
struct Peer {
  HttpRequest::Transport transport = HttpRequest::Transport::unix_socket;
  std::optional<PeerCredentials> credentials{};
};

struct Answer {
  std::string bytes;
  bool close = true;                     ///< the connection ends with this answer
  std::shared_ptr<HttpStream> stream{};  ///< goes on where `bytes` end
};

/// Not thread-safe: one per worker.
class RequestParser {
 public:
  explicit RequestParser(HttpHandler& handler);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  /// `last`: the connection ends after this request whatever it says.
  [[nodiscard]] Answer answer(std::string_view request, const Peer& peer, bool last);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// The bytes of an answer given without parsing a request; the connection ends with it.
[[nodiscard]] std::string write_refusal(HttpHandler& handler, int status, std::string_view detail);

}  // namespace mus
