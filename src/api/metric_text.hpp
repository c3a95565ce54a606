// SPDX-License-Identifier: Apache-2.0
// Prometheus' text format, 0.0.4.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mus {

class MetricText {
 public:
  using Label = std::pair<std::string_view, std::string_view>;  ///< name and value, as it is
  using Labels = std::vector<Label>;

  /// `type`: "counter", "gauge", "histogram". What follows belongs to it.
  void family(std::string_view name, std::string_view type, std::string_view help);
  void sample(double value, const Labels& labels = {}) { line({}, labels, number(value)); }
  /// Counters stay whole numbers: a double would lose steps above 2^53.
  void count(std::uint64_t value, const Labels& labels = {}) { line({}, labels, std::to_string(value)); }

  /// One series of a histogram. `buckets`: upper bound and number of what is below it and not below the one before;
  /// what is above the last bound is in `above`.
  void histogram(const std::vector<std::pair<double, std::uint64_t>>& buckets, std::uint64_t above, double sum,
                 const Labels& labels = {});

  std::string take() { return std::move(out_); }

 private:
  static std::string number(double value);
  void line(std::string_view suffix, const Labels& labels, std::string_view value);
  void escape(std::string_view text);

  std::string out_;
  std::string name_;
};

}  // namespace mus
