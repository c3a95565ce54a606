// SPDX-License-Identifier: Apache-2.0
#include "cli/top/list.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace mus::top {
namespace {

std::optional<double> figure(const ContainerRow& container, Column column) {
  switch (column) {
    case Column::cpus:
      return container.cpus;
    case Column::share:
      return container.share_cpus;
    case Column::weight:
      return container.weight;
    case Column::p50:
      return container.p50_us;
    case Column::p99:
      return container.p99_us;
    case Column::limit:
      return container.limit_cpus;
    case Column::throttled:
      return container.throttled;
    case Column::name:
      break;
  }
  return std::nullopt;
}

char small(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool occurs(const std::string& text, const std::string& part) {
  const auto same = [](char a, char b) { return small(a) == small(b); };
  return !std::ranges::search(text, part, same).empty() || part.empty();
}

}  // namespace

bool List::before(const ContainerRow& a, const ContainerRow& b) const {
  if (column_ == Column::name) return descending_ ? b.name < a.name : a.name < b.name;
  const auto left = figure(a, column_);
  const auto right = figure(b, column_);
  if (left && right && *left != *right) return descending_ ? *left > *right : *left < *right;
  if (left.has_value() != right.has_value()) return left.has_value();  // unknown ones last, in both orders
  return a.name < b.name;
}

void List::arrange() {
  shown_.clear();
  shown_.reserve(containers_.size());
  for (std::size_t i = 0; i < containers_.size(); ++i) {
    if (occurs(containers_[i].name, filter_)) shown_.push_back(i);
  }
  std::ranges::stable_sort(shown_,
                           [this](std::size_t a, std::size_t b) { return before(containers_[a], containers_[b]); });
  if (chosen_id_.empty()) {
    chosen_ = 0;
  } else {
    const auto found =
        std::ranges::find_if(shown_, [this](std::size_t index) { return containers_[index].id == chosen_id_; });
    // One that is gone leaves its place to its neighbour.
    if (found != shown_.end()) chosen_ = static_cast<std::size_t>(found - shown_.begin());
    move(0);
  }
  fit(rows_);
}

void List::set(std::vector<ContainerRow> containers) {
  containers_ = std::move(containers);
  arrange();
}

void List::sort_by_next(int step) {
  column_ = static_cast<Column>((static_cast<int>(column_) + step + kColumns) % kColumns);
  descending_ = column_ != Column::name;
  arrange();
}

void List::invert() {
  descending_ = !descending_;
  arrange();
}

void List::filter(const std::string& text) {
  filter_ = text;
  arrange();
}

void List::move(std::ptrdiff_t by) {
  if (shown_.empty()) {
    chosen_ = 0;
    return;
  }
  const auto last = static_cast<std::ptrdiff_t>(shown_.size()) - 1;
  chosen_ = static_cast<std::size_t>(std::clamp(static_cast<std::ptrdiff_t>(chosen_) + by, std::ptrdiff_t{0}, last));
  chosen_id_ = at(chosen_).id;
  fit(rows_);
}

void List::to_first() {
  chosen_id_.clear();
  chosen_ = 0;
  fit(rows_);
}

void List::to_last() {
  move(static_cast<std::ptrdiff_t>(shown_.size()));
}

void List::fit(std::size_t rows) {
  rows_ = std::max<std::size_t>(rows, 1);
  if (chosen_ < first_) first_ = chosen_;
  if (chosen_ >= first_ + rows_) first_ = chosen_ - rows_ + 1;
  const auto most = shown_.size() > rows_ ? shown_.size() - rows_ : 0;
  first_ = std::min(first_, most);
}

const ContainerRow* List::chosen() const {
  return chosen_ < shown_.size() ? &at(chosen_) : nullptr;
}

}  // namespace mus::top
