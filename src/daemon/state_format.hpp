// SPDX-License-Identifier: Apache-2.0
// Desired state as text (JSON), and back. Nothing of the text is trusted: it is taken whole, or not at all.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/saved_state.hpp"
#include "mus/result.hpp"

namespace mus {

/// A full table with the longest names there can be has some 6 MiB; a usual one has some kilobytes.
inline constexpr std::size_t kMostStateBytes = 8UL * 1024 * 1024;

[[nodiscard]] std::string write_state(const SavedState& saved);

/// Errc::unsupported: of another version of this program; protocol: damaged. Both say what is wrong, in printable
/// ASCII. What is returned has passed check_saved().
[[nodiscard]] Result<SavedState> read_state(std::string_view text);

}  // namespace mus
