// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace mus {

/// "90", "1.5" (seconds), "500ms", "90s", "15m", "1h30m", "7d": units in falling order, each once.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace mus
