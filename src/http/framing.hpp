// SPDX-License-Identifier: Apache-2.0
// Where one request ends in a stream of bytes, and the strictness that the library lacks. Looking at bytes only, it
// lets the event loop collect a whole request before any thread is spent on it: a slow client costs memory, not
// workers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/limits.hpp"

namespace mus {

struct Frame {
  enum class State : std::uint8_t {
    incomplete,  ///< so far fine; more is needed
    complete,    ///< the first `size` bytes are one request
    refused,     ///< answer `status` with `detail` and close
  };
  State state = State::incomplete;
  std::size_t size = 0;
  int status = 0;
  std::string_view detail;
};

/// Judges the bytes received so far. Refuses as early as the bytes allow: control characters, bare LF, too many or
/// too long headers, missing or repeated Host (HTTP/1.1), repeated Content-Length, Transfer-Encoding, large bodies.
[[nodiscard]] Frame frame_request(std::string_view bytes, const HttpLimits& limits);

/// The path of a framed request's first line as sent, without query; for choosing a lane, not for routing.
[[nodiscard]] std::string_view raw_path(std::string_view request);

}  // namespace mus
