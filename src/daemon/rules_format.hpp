// SPDX-License-Identifier: Apache-2.0
// Rules as people write them: src/api/rules.schema.json describes it, docs/rules.md tells it in words.
#pragma once

#include <cstddef>
#include <string_view>

#include "mus/result.hpp"
#include "mus/rules.hpp"

namespace mus {

inline constexpr std::size_t kMostRulesBytes = std::size_t{1} << 20U;

/// All of it or nothing. Errc::invalid_argument with "line N: rule NAME: what is wrong", and what to write instead.
[[nodiscard]] Result<RuleSet> parse_rules(std::string_view text);

}  // namespace mus
