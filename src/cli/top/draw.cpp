// SPDX-License-Identifier: Apache-2.0
// How the model stands on the terminal: two lines about the node, the list, and a panel or the keys.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

#include "cli/answer.hpp"
#include "cli/cells.hpp"
#include "cli/top/model.hpp"

namespace mus::top {
namespace {

constexpr int kAbove = 3;          // the node, a message, the names of the columns
constexpr int kBelow = 1;          // the keys
constexpr int kLeastList = 4;      // that a panel leaves
constexpr int kPanelRows = 14;     // at most
constexpr int kWideColumns = 100;  // from there on with LEFT
constexpr std::size_t kLeastName = 16;

struct Heading {
  Column column;
  const char* name;
  std::size_t width;
};
constexpr std::array kHeadings{Heading{Column::cpus, "CPU", 6},       Heading{Column::share, "SHARE", 6},
                               Heading{Column::weight, "WEIGHT", 7},  Heading{Column::p50, "p50", 6},
                               Heading{Column::p99, "p99", 6},        Heading{Column::limit, "LIMIT", 6},
                               Heading{Column::throttled, "THROT", 6}};
constexpr std::size_t kLeftWidth = 8;

std::string right(const std::string& text, std::size_t width) {
  return text.size() >= width ? text : std::string(width - text.size(), ' ') + text;
}

std::string figure(const std::optional<double>& value, int digits) {
  return value ? fixed(*value, *value >= 1000 ? 0 : digits) : "-";
}

std::string cell(const ContainerRow& container, Column column) {
  switch (column) {
    case Column::cpus:
      return figure(container.cpus, 2);
    case Column::share:
      return figure(container.share_cpus, 2);
    case Column::weight:
      return std::to_string(container.weight) + (container.weight > 1024 ? "*" : "");
    case Column::p50:
      return container.p50_us ? delay_text(*container.p50_us) : "-";
    case Column::p99:
      return container.p99_us ? delay_text(*container.p99_us) : "-";
    case Column::limit:
      return figure(container.limit_cpus, 2);
    case Column::throttled:
      return container.throttled ? throttled_text(1, *container.throttled) : "-";
    case Column::name:
      break;
  }
  return {};
}

// How wide the names are; the figures need the rest.
std::size_t name_width(int columns) {
  std::size_t rest = columns >= kWideColumns ? kLeftWidth + 1 : 0;
  for (const auto& heading : kHeadings) rest += heading.width + 1;
  const auto all = static_cast<std::size_t>(columns);
  return std::max(all > rest ? all - rest : 0, kLeastName);
}

Line headings(const List& list, int columns) {
  const auto mark = [&](Column column, const std::string& name) {
    return list.column() == column ? name + (list.descending() ? "v" : "^") : name;
  };
  Line line;
  line.push_back({padded(mark(Column::name, "CONTAINER"), name_width(columns)), Style::bold});
  for (const auto& heading : kHeadings) {
    line.push_back({" " + right(mark(heading.column, heading.name), heading.width),
                    list.column() == heading.column ? Style::selected : Style::bold});
  }
  if (columns >= kWideColumns) line.push_back({" " + right("LEFT", kLeftWidth), Style::bold});
  return line;
}

Line row(const ContainerRow& container, bool chosen, int columns) {
  const auto style = chosen ? Style::selected : container.weight != 1024 ? Style::boosted : Style::plain;
  const auto width = name_width(columns);
  auto text = padded(shortened(ascii(container.name), width), width);
  for (const auto& heading : kHeadings) text += " " + right(cell(container, heading.column), heading.width);
  if (columns >= kWideColumns) {
    text += " " + right(container.boost_left ? duration_text(*container.boost_left) : "-", kLeftWidth);
  }
  return {{std::move(text), style}};
}

}  // namespace

int Model::list_rows() const {
  const auto below = std::holds_alternative<std::monostate>(panel_) ? kBelow : static_cast<int>(panel().size());
  return std::max(size_.rows - kAbove - below, 0);
}

Page Model::panel() const {
  const Size room{size_.columns, std::clamp(size_.rows - kAbove - kLeastList, 3, kPanelRows)};
  if (const auto* boost = std::get_if<BoostPanel>(&panel_)) return boost->draw(room);
  if (const auto* reset = std::get_if<ResetPanel>(&panel_)) return reset->draw(room);
  return {};
}

Line Model::head() const {
  std::string text = "mus-scheduler";
  if (told_) {
    text += "  " + node_.scheduler + "  " + std::to_string(node_.boosts.size()) +
            (node_.boosts.size() == 1 ? " boost" : " boosts") + "  up " + duration_text(node_.uptime_seconds) +
            "  Linux " + node_.kernel;
  }
  return {{padded(ascii(text), static_cast<std::size_t>(size_.columns)), Style::title}};
}

Line Model::second_line(TimePoint now) const {
  if (!trouble_.empty()) {
    const auto since = told_ ? std::chrono::duration<double>(now - *told_).count() : 0;
    return {{ascii("the daemon does not answer" + (told_ ? ", for " + duration_text(since) : "") + ": " + trouble_),
             Style::trouble}};
  }
  if (filtering_) return {{"/" + list_.filter_text() + "_", Style::bold}};
  if (!message_.empty()) return {{ascii(message_), message_bad_ ? Style::trouble : Style::bold}};
  if (!pods_trouble_.empty()) return {{ascii(pods_trouble_), Style::trouble}};
  if (!told_) return {{"asking the daemon ...", Style::quiet}};
  auto count = std::to_string(list_.all()) + (list_.all() == 1 ? " container" : " containers");
  if (!list_.filter_text().empty()) {
    count = std::to_string(list_.size()) + " of " + count + " have \"" + list_.filter_text() + "\" in the name";
  }
  return {{std::move(count), Style::quiet}};
}

Page Model::draw(TimePoint now) const {
  const auto rows = static_cast<std::size_t>(size_.rows);
  if (const auto* text = std::get_if<TextPanel>(&panel_)) {
    auto page = text->draw(size_);
    page.resize(std::min(page.size(), rows));
    return page;
  }
  Page page{head(), second_line(now), headings(list_, size_.columns)};
  const auto last = std::min(list_.size(), list_.first() + static_cast<std::size_t>(list_rows()));
  for (auto i = list_.first(); i < last; ++i) page.push_back(row(list_.at(i), list_.is_chosen(i), size_.columns));
  auto below = panel();
  if (below.empty()) {
    below.push_back({{filtering_ ? "Enter: keep the filter   Esc: all containers"
                                 : "b boost  r reset  e explain  / filter  < > sort  i invert  ? help  q quit",
                      Style::bold}});
  }
  if (page.size() + below.size() < rows) page.resize(rows - below.size());
  page.insert(page.end(), std::make_move_iterator(below.begin()), std::make_move_iterator(below.end()));
  if (page.size() > rows) page.resize(rows);
  return page;
}

}  // namespace mus::top
