// SPDX-License-Identifier: Apache-2.0
// Rules in the API's documents: GET /rules, and their part of /status. The schema by which they are written is built
// in.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "mus/explain.hpp"
#include "mus/rules.hpp"

namespace mus {

/// JSON schema, draft 2020-12.
extern const std::string_view kRulesSchema;

/// The document that was accepted, and what comes of it.
[[nodiscard]] std::string rules_json(const RulesSnapshot& rules);
/// Without the document, and without subjects.
[[nodiscard]] nlohmann::ordered_json rules_summary_json(const RulesSnapshot& rules);
[[nodiscard]] nlohmann::ordered_json rule_words_json(const std::vector<RuleWord>& words);

}  // namespace mus
