// SPDX-License-Identifier: Apache-2.0
#include "api/metric_text.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace mus {

void MetricText::family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  out_.append("# HELP ").append(name).append(" ").append(help).append("\n");
  out_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

void MetricText::histogram(const std::vector<std::pair<double, std::uint64_t>>& buckets, std::uint64_t above,
                           double sum, const Labels& labels) {
  auto with_bound = labels;
  with_bound.emplace_back("le", "");
  std::uint64_t below = 0;
  for (const auto& [bound, here] : buckets) {
    below += here;
    const auto text = number(bound);
    with_bound.back().second = text;
    line("_bucket", with_bound, std::to_string(below));
  }
  below += above;
  with_bound.back().second = "+Inf";
  line("_bucket", with_bound, std::to_string(below));
  line("_sum", labels, number(sum));
  line("_count", labels, std::to_string(below));
}

std::string MetricText::number(double value) {
  if (std::isnan(value)) return "NaN";
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return {digits.data(), static_cast<std::size_t>(end - digits.data())};
}

void MetricText::line(std::string_view suffix, const Labels& labels, std::string_view value) {
  out_.append(name_).append(suffix);
  char separator = '{';
  for (const auto& [name, text] : labels) {
    out_.append(1, separator).append(name).append("=\"");
    escape(text);
    out_.append("\"");
    separator = ',';
  }
  if (!labels.empty()) out_.append("}");
  out_.append(" ").append(value).append("\n");
}

void MetricText::escape(std::string_view text) {
  for (const char c : text) {
    if (c == '\\') {
      out_.append("\\\\");
    } else if (c == '"') {
      out_.append("\\\"");
    } else if (c == '\n') {
      out_.append("\\n");
    } else {
      out_.push_back(c);
    }
  }
}

}  // namespace mus
