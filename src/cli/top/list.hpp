// SPDX-License-Identifier: Apache-2.0
// The containers in an order, those of them that a filter leaves, and the one that is chosen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/top/node.hpp"

namespace mus::top {

enum class Column : std::uint8_t { name, cpus, share, weight, p50, p99, limit, throttled };
inline constexpr int kColumns = 8;

class List {
 public:
  void set(std::vector<ContainerRow> containers);

  /// The next column, or the one before (-1); the largest figures first, names from A to Z.
  void sort_by_next(int step);
  void invert();
  /// Only those in whose name that occurs, in small or large letters.
  void filter(const std::string& text);

  /// Where the first is chosen it stays the first that is, whichever that is; any other is followed wherever it goes.
  void move(std::ptrdiff_t by);
  void to_first();
  void to_last();

  /// How many there is room for, so that the chosen one is among them.
  void fit(std::size_t rows);

  [[nodiscard]] const ContainerRow* chosen() const;
  [[nodiscard]] bool is_chosen(std::size_t index) const { return index == chosen_; }
  [[nodiscard]] std::size_t first() const { return first_; }
  /// Of those that the filter leaves.
  [[nodiscard]] std::size_t size() const { return shown_.size(); }
  [[nodiscard]] const ContainerRow& at(std::size_t index) const { return containers_[shown_[index]]; }
  [[nodiscard]] std::size_t all() const { return containers_.size(); }
  [[nodiscard]] Column column() const { return column_; }
  [[nodiscard]] bool descending() const { return descending_; }
  [[nodiscard]] const std::string& filter_text() const { return filter_; }

 private:
  void arrange();
  [[nodiscard]] bool before(const ContainerRow& a, const ContainerRow& b) const;

  std::vector<ContainerRow> containers_;
  std::vector<std::size_t> shown_;  ///< into containers_
  std::string filter_;
  Column column_ = Column::cpus;
  bool descending_ = true;
  std::string chosen_id_;  ///< empty: the first, whichever it is
  std::size_t chosen_ = 0;
  std::size_t first_ = 0;
  std::size_t rows_ = 1;
};

}  // namespace mus::top
