// SPDX-License-Identifier: Apache-2.0
// The query of a request target. Ours and not the library's, because that one drops repeated pairs and guesses at
// broken percent signs, and the API must be able to refuse both.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mus {

/// Pairs in order, repeats kept, "+" and %XX decoded. Empty optional: a percent sign without two hex digits.
[[nodiscard]] std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query);

}  // namespace mus
