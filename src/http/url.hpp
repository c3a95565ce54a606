// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "mus/result.hpp"

namespace mus {

struct Url {
  bool tls = true;
  std::string host;  ///< numeric or "localhost", without brackets
  int port = 0;
};

/// "https://127.0.0.1:10250", "http://[::1]:10255", "https://localhost"; nothing behind the port but one "/".
[[nodiscard]] Result<Url> parse_url(std::string_view text);

}  // namespace mus
