// SPDX-License-Identifier: Apache-2.0
#include "cli/cells.hpp"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/answer.hpp"

namespace mus {

using Json = nlohmann::json;

std::string duration_text(double seconds) {
  if (seconds < 10) return fixed(seconds, 1) + "s";
  auto rest = static_cast<std::uint64_t>(std::min(seconds, 1e12));
  std::string text;
  int units = 0;  // the two largest say enough
  for (const auto& [length, unit] : {std::pair{86400U, 'd'}, {3600U, 'h'}, {60U, 'm'}, {1U, 's'}}) {
    const auto count = rest / length;
    rest %= length;
    if (count == 0 || units == 2) continue;
    text += std::to_string(count) + unit;
    ++units;
  }
  return text;
}

std::string duration_of(const Json& object, const char* name) {
  const auto& value = member(object, name);
  return value.is_number() ? duration_text(value.get<double>()) : std::string();
}

std::string delay_text(double us) {
  return us < 1000 ? fixed(us, 0) + "us" : fixed(us / 1000, us < 10'000 ? 1 : 0) + "ms";
}

std::string delay_of(const Json& delay, const char* which) {
  return number_of(delay, "waits") <= 0 ? "-" : delay_text(number_of(delay, which));
}

std::string limit_text(const Json& limit) {
  const auto period = number_of(limit, "period_us");
  if (period <= 0) return "-";
  auto text = fixed(number_of(limit, "quota_us") / period, 3);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

std::string throttled_text(double periods, double throttled_periods) {
  if (periods <= 0) return "-";
  const auto percent = throttled_periods / periods * 100;
  return percent > 0 && percent < 1 ? "<1%" : fixed(percent, 0) + "%";
}

std::string throttled_of(const Json& limits) {
  return throttled_text(number_of(limits, "periods"), number_of(limits, "throttled_periods"));
}

std::string target_text(const Json& target) {
  std::string text;
  for (const char* name : {"pod", "namespace", "container", "uid", "label", "cgroup", "unit", "pid", "all"}) {
    const auto value = text_of(target, name);
    if (value.empty()) continue;
    text.append(text.empty() ? "" : " ").append(name).append("=").append(printable(value));
  }
  return text;
}

}  // namespace mus
