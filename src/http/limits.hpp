// SPDX-License-Identifier: Apache-2.0
// Everything about the server that is bounded, in one place.
#pragma once

#include <chrono>
#include <cstddef>

namespace mus {

struct HttpLimits {
  std::size_t head_bytes = 8UL * 1024;  ///< request line and headers together
  std::size_t headers = 32;
  std::size_t body_bytes = 64UL * 1024;
  std::size_t connections = 64;  ///< per listener
  std::size_t workers = 4;       ///< requests handled at once
  std::size_t queue = 32;        ///< requests waiting for a worker; more are answered 503
  std::size_t requests_per_connection = 16;
  std::chrono::milliseconds read_pause{2000};      ///< longest silence within a request, or before the first one
  std::chrono::milliseconds request_time{5000};    ///< first byte to last byte of one request
  std::chrono::milliseconds idle_time{5000};       ///< a kept connection between two requests
  std::chrono::milliseconds response_time{10000};  ///< for the client to take the whole answer, or anything of a stream
  std::chrono::milliseconds linger_time{500};      ///< reading on after an error, so that the client sees the answer
  std::size_t stream_bytes = 16UL * 1024;       ///< of a stream, waiting to be taken; what comes after waits elsewhere
  std::chrono::milliseconds heartbeat{15'000};  ///< longest silence of a stream
  std::chrono::milliseconds stop_grace{2000};   ///< stop(): how long running requests may take to end
};

}  // namespace mus
