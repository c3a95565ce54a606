// SPDX-License-Identifier: Apache-2.0
#include "core/figures.hpp"

#include <array>
#include <cstdio>

namespace mus {
namespace {

std::string fixed(double value, int digits) {
  std::array<char, 64> text{};
  const int length = std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return length > 0 && static_cast<std::size_t>(length) < text.size() ? std::string(text.data()) : std::string("?");
}

}  // namespace

std::string figure(double value) {
  if (value > 0 && value < 0.005) return "less than 0.01";
  auto text = fixed(value, 2);
  while (text.ends_with('0') && text.find('.') != std::string::npos) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text;
}

std::string percent(double part) {
  const double value = part * 100;
  if (value > 0 && value < 0.05) return "less than 0.1 %";
  return fixed(value, value < 0.95 ? 1 : 0) + " %";
}

}  // namespace mus
