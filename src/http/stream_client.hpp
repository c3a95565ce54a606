// SPDX-License-Identifier: Apache-2.0
// Following a stream on the daemon's unix socket.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "mus/http.hpp"

namespace mus {

/// `silence`: how long nothing may come. The server's heartbeat is every 15 seconds.
[[nodiscard]] std::unique_ptr<HttpStreamClient> make_unix_stream_client(
    std::string socket_path, std::chrono::milliseconds silence = std::chrono::seconds(45));

}  // namespace mus
