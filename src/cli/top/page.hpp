// SPDX-License-Identifier: Apache-2.0
// What stands on the terminal, as a value: lines of text with a style. ASCII alone, so that a byte is a column on every
// terminal and in every locale.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mus::top {

/// What it means. How that looks is the terminal's business; none of them is told by colour alone.
enum class Style : std::uint8_t { plain, bold, title, selected, boosted, quiet, trouble };

struct Span {
  std::string text;
  Style style = Style::plain;
};

/// Spans beside each other. Longer than the terminal is wide: cut off.
using Line = std::vector<Span>;
using Page = std::vector<Line>;

struct Size {
  int columns = 80;
  int rows = 24;
};

struct Key {
  enum class Kind : std::uint8_t {
    character,
    enter,
    escape,
    backspace,
    tab,
    up,
    down,
    left,
    right,
    page_up,
    page_down,
    home,
    end,
    other
  };
  Kind kind = Kind::other;
  char character = 0;  ///< printable ASCII, of `character` alone
};

/// Text in lines that are no longer than `columns`, broken at spaces where there are some; what is indented goes on
/// as far in. Without control characters, and with '?' for what is not ASCII.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, int columns);

[[nodiscard]] std::string ascii(std::string_view text);

}  // namespace mus::top
