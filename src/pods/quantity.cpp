// SPDX-License-Identifier: Apache-2.0
#include "pods/quantity.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>

namespace mus {
namespace {

constexpr std::size_t kLongest = 64;
constexpr int kLargestExponent = 30;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

struct Suffix {
  std::string_view name;
  double factor;
};
constexpr double kKibi = 1024;
constexpr std::array<Suffix, 16> kSuffixes{{{"", 1},
                                            {"n", 1e-9},
                                            {"u", 1e-6},
                                            {"m", 1e-3},
                                            {"k", 1e3},
                                            {"M", 1e6},
                                            {"G", 1e9},
                                            {"T", 1e12},
                                            {"P", 1e15},
                                            {"E", 1e18},
                                            {"Ki", kKibi},
                                            {"Mi", kKibi* kKibi},
                                            {"Gi", kKibi* kKibi* kKibi},
                                            {"Ti", kKibi* kKibi* kKibi* kKibi},
                                            {"Pi", kKibi* kKibi* kKibi* kKibi* kKibi},
                                            {"Ei", kKibi* kKibi* kKibi* kKibi* kKibi* kKibi}}};

std::optional<double> factor_of(std::string_view suffix) {
  for (const auto& known : kSuffixes) {
    if (known.name == suffix) return known.factor;
  }
  // A decimal exponent; "E" alone is exa.
  if (suffix.front() != 'e' && suffix.front() != 'E') return std::nullopt;
  suffix.remove_prefix(1);
  if (suffix.starts_with('+')) {  // which from_chars() does not know
    suffix.remove_prefix(1);
    if (suffix.empty() || !is_digit(suffix.front())) return std::nullopt;
  }
  int exponent = 0;
  const auto [end, error] = std::from_chars(suffix.data(), suffix.data() + suffix.size(), exponent);
  if (error != std::errc{} || end != suffix.data() + suffix.size()) return std::nullopt;
  if (exponent < -kLargestExponent || exponent > kLargestExponent) return std::nullopt;
  return std::pow(10.0, exponent);
}

}  // namespace

std::optional<std::uint32_t> cpu_millis_of(std::string_view text) {
  if (text.size() > kLongest) return std::nullopt;
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  double place = 1;
  bool fraction = false;
  std::size_t digits = 0;
  std::size_t i = 0;
  for (; i < text.size() && (is_digit(text[i]) || (text[i] == '.' && !fraction)); ++i) {
    if (text[i] == '.') {
      fraction = true;
      continue;
    }
    ++digits;
    number = number * 10 + (text[i] - '0');
    if (fraction) place *= 10;
  }
  if (digits == 0) return std::nullopt;
  const auto factor = factor_of(text.substr(i));
  if (!factor) return std::nullopt;
  // 0.1 of a thousand is not quite 100 in binary: what is off by so little is not rounded up.
  constexpr double kExact = 1 - 1e-12;
  const double millis = std::ceil(number / place * *factor * 1000 * kExact);
  if (millis > kMostCpuMillis) return std::nullopt;
  return static_cast<std::uint32_t>(millis);
}

}  // namespace mus
