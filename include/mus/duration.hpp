// SPDX-License-Identifier: Apache-2.0
// How times are written by people: in requests and in pods' annotations.
#pragma once

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mus {
namespace duration_detail {

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};
inline constexpr std::array kUnits{Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1000},
                                   Unit{"ms", 1}};
/// Far above every bound of ours, and far below any overflow when a few of them are added and multiplied.
inline constexpr std::int64_t kMost = 1'000'000'000;

constexpr bool is_number(char c) {
  return c >= '0' && c <= '9';
}

inline std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t value = 0;
  if (text.empty() || !is_number(text.front())) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value > kMost) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

/// What follows "<seconds>": nothing, or a point and digits, of which three count.
inline std::optional<std::int64_t> fraction(std::string_view text) {
  if (text.empty()) return 0;
  if (text.front() != '.' || text.size() == 1) return std::nullopt;
  std::int64_t value = 0;
  std::int64_t scale = 100;
  for (const char c : text.substr(1)) {
    if (!is_number(c)) return std::nullopt;
    value += (c - '0') * scale;
    scale /= 10;
  }
  return value;
}

}  // namespace duration_detail

/// "90", "1.5" (seconds), "500ms", "90s", "15m", "1h30m", "7d": units in falling order, each once.
[[nodiscard]] inline std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  using namespace duration_detail;
  auto rest = text;
  const auto seconds = take_number(rest);
  if (!seconds) return std::nullopt;
  if (const auto part = fraction(rest)) return std::chrono::milliseconds{*seconds * 1000 + *part};

  std::int64_t total = 0;
  std::size_t next_unit = 0;
  while (!text.empty()) {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    std::size_t letters = 0;
    while (letters < text.size() && !is_number(text[letters])) ++letters;
    const auto name = text.substr(0, letters);
    while (next_unit < kUnits.size() && kUnits[next_unit].name != name) ++next_unit;
    if (next_unit == kUnits.size()) return std::nullopt;
    total += *number * kUnits[next_unit++].milliseconds;
    text.remove_prefix(letters);
  }
  return std::chrono::milliseconds{total};
}

/// As parse_duration() takes it, exactly: "1h30m", "1s500ms". Not for negative ones.
[[nodiscard]] inline std::string to_text(std::chrono::milliseconds duration) {
  auto rest = duration.count();
  std::string text;
  for (const auto& unit : duration_detail::kUnits) {
    if (rest >= unit.milliseconds) text.append(std::to_string(rest / unit.milliseconds)).append(unit.name);
    rest %= unit.milliseconds;
  }
  return text.empty() ? "0s" : text;
}

}  // namespace mus
