// SPDX-License-Identifier: Apache-2.0
#include "cli/top/page.hpp"

#include <algorithm>
#include <cstddef>

namespace mus::top {
namespace {

void wrap_line(std::string_view line, std::size_t columns, std::vector<std::string>& out) {
  const auto indent = std::string(std::min(line.find_first_not_of(' '), columns / 2), ' ');
  std::string now;
  while (true) {
    const auto room = columns - now.size();
    if (line.size() <= room) break;
    auto end = line.rfind(' ', room);
    const bool at_space = end != std::string_view::npos && line.find_first_not_of(' ') < end;
    if (!at_space) end = room;
    out.push_back(now + std::string(line.substr(0, end)));
    line.remove_prefix(end + (at_space ? 1 : 0));
    now = indent;
  }
  out.push_back(now + std::string(line));
}

}  // namespace

std::string ascii(std::string_view text) {
  std::string out(text);
  const auto foreign = [](char c) { return c < ' ' || c > '~'; };
  std::ranges::replace_if(out, foreign, '?');
  return out;
}

std::vector<std::string> wrapped(std::string_view text, int columns) {
  std::vector<std::string> lines;
  const auto width = static_cast<std::size_t>(std::max(columns, 8));
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = ascii(text.substr(0, end));
    if (line.find_first_not_of(' ') == std::string::npos) {
      lines.emplace_back();
    } else {
      wrap_line(line, width, lines);
    }
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

}  // namespace mus::top
