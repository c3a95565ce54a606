// SPDX-License-Identifier: Apache-2.0
// What a boost may be, wherever it comes from: a request, or the state file. The API says the same in the words of its
// parameters (src/api/fields.cpp); a test holds the two together.
#pragma once

#include <chrono>
#include <cstdint>

#include "mus/result.hpp"
#include "mus/service.hpp"

namespace mus {

inline constexpr std::chrono::milliseconds kLongestTtl = std::chrono::hours{24 * 30};

/// Each: Errc::invalid_argument with what is wrong. `target` is normalized; values are in messages only where they are
/// sure to be printable.
[[nodiscard]] Result<void> check_target(const Target& target);
[[nodiscard]] Result<void> check_weight(std::uint32_t weight);
[[nodiscard]] Result<void> check_ttl(std::chrono::milliseconds ttl);

/// Enough to keep it until somebody knows the pod: a uid, or namespace and name.
[[nodiscard]] bool is_fully_named(const Target& target);

}  // namespace mus
