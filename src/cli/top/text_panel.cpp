// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>

#include "cli/top/panels.hpp"

namespace mus::top {
namespace {

constexpr int kFrame = 2;  // title and hints

}  // namespace

void TextPanel::press(const Key& key, Size room) {
  const auto page = std::max(room.rows - kFrame, 1);
  const auto most = std::max<std::ptrdiff_t>(std::ssize(wrapped(text_, room.columns)) - page, 0);
  std::ptrdiff_t to = first_;
  switch (key.kind) {
    case Key::Kind::up:
      to -= 1;
      break;
    case Key::Kind::down:
      to += 1;
      break;
    case Key::Kind::page_up:
      to -= page;
      break;
    case Key::Kind::page_down:
      to += page;
      break;
    case Key::Kind::home:
      to = 0;
      break;
    case Key::Kind::end:
      to = most;
      break;
    case Key::Kind::character:
      to += key.character == ' ' ? page : key.character == 'j' ? 1 : key.character == 'k' ? -1 : 0;
      break;
    default:
      break;
  }
  first_ = std::clamp<std::ptrdiff_t>(to, 0, most);
}

Page TextPanel::draw(Size room) const {
  const auto lines = wrapped(text_, room.columns);
  const auto rows = std::max(room.rows - kFrame, 1);
  const auto first = std::clamp<std::ptrdiff_t>(first_, 0, std::max<std::ptrdiff_t>(std::ssize(lines) - rows, 0));
  const auto last = std::min<std::ptrdiff_t>(std::ssize(lines), first + rows);
  Page page;
  page.push_back({{title_, Style::title}});
  for (auto i = first; i < last; ++i) page.push_back({{lines[static_cast<std::size_t>(i)], Style::plain}});
  page.resize(static_cast<std::size_t>(rows) + 1);
  const bool all = std::ssize(lines) <= rows;
  page.push_back({{all ? "Esc: back" : "Up, Down, Space: more of it   Esc: back", Style::bold}});
  return page;
}

}  // namespace mus::top
