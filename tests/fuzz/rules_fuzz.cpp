// SPDX-License-Identifier: Apache-2.0
// Whatever is sent as rules: an error with a line, printable, or rules within all bounds.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/target_rules.hpp"
#include "daemon/rules_format.hpp"
#include "mus/abi.h"

namespace mus::fuzz {

inline void rules(std::string_view input) {
  const auto require = [](bool holds) {
    if (!holds) std::abort();
  };
  const auto read = parse_rules(input);
  if (!read) {
    require(read.error().code == Errc::invalid_argument && !read.error().message.empty());
    for (const char c : read.error().message) require(c >= ' ' && c <= '~');
    return;
  }
  require(read->rules.size() <= RuleSet::kMostRules && read->most_boosts >= 1 && read->most_share > 0);
  for (const auto& rule : read->rules) {
    require(!rule.name.empty() && rule.name.size() <= 63);
    require(!(rule.about == Selector{}));
    require(rule.when.has_value() != rule.target.has_value());
    if (rule.when) {
      require(check_weight(rule.weight).has_value() && rule.weight != MUS_WEIGHT_ONE);
      require(!rule.ttl || check_ttl(*rule.ttl).has_value());
      require(rule.when->is.threshold >= 0 && rule.when->is.above != rule.until.is.above);
    } else {
      require(rule.target->min > MUS_WEIGHT_ONE && rule.target->min <= rule.target->max);
    }
  }
}

}  // namespace mus::fuzz

#ifndef MUS_FUZZ_SEEDS  // the unit test runs the seeds through the function above
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mus::fuzz::rules({reinterpret_cast<const char*>(data), size});
  return 0;
}
#endif
