// SPDX-License-Identifier: Apache-2.0
// ncurses' macros have names like "timeout" and "erase"; the functions do.
#define NCURSES_NOMACROS 1
#include "cli/top/terminal.hpp"

#include <curses.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "cli/top/terminfo.hpp"

namespace mus::top {
namespace {

constexpr int kEscapeMs = 25;  // between Escape and what makes it the beginning of another key

enum Pair : short { kBoosted = 1, kTrouble = 2 };

attr_t attributes(Style style, bool colours) {
  const auto colour = [colours](Pair pair) { return colours ? static_cast<attr_t>(COLOR_PAIR(pair)) : A_NORMAL; };
  switch (style) {
    case Style::bold:
      return A_BOLD;
    case Style::title:
    case Style::selected:
      return A_REVERSE;
    case Style::boosted:
      return A_BOLD | colour(kBoosted);
    case Style::quiet:
      return A_DIM;
    case Style::trouble:
      return A_BOLD | colour(kTrouble);
    case Style::plain:
      break;
  }
  return A_NORMAL;
}

bool start_colours() {
  const char* unwanted = std::getenv("NO_COLOR");  // https://no-color.org
  if ((unwanted != nullptr && *unwanted != '\0') || !has_colors()) return false;
  if (start_color() == ERR || use_default_colors() == ERR) return false;
  init_pair(kBoosted, COLOR_GREEN, -1);
  init_pair(kTrouble, COLOR_RED, -1);
  return true;
}

Key::Kind kind_of(int code) {
  switch (code) {
    case KEY_UP:
      return Key::Kind::up;
    case KEY_DOWN:
      return Key::Kind::down;
    case KEY_LEFT:
      return Key::Kind::left;
    case KEY_RIGHT:
      return Key::Kind::right;
    case KEY_PPAGE:
      return Key::Kind::page_up;
    case KEY_NPAGE:
      return Key::Kind::page_down;
    case KEY_HOME:
      return Key::Kind::home;
    case KEY_END:
      return Key::Kind::end;
    case KEY_ENTER:
    case '\r':
    case '\n':
      return Key::Kind::enter;
    case KEY_BACKSPACE:
    case 0x7f:
    case '\b':
      return Key::Kind::backspace;
    case '\t':
      return Key::Kind::tab;
    case 0x1b:
      return Key::Kind::escape;
    default:
      return code >= ' ' && code <= '~' ? Key::Kind::character : Key::Kind::other;
  }
}

}  // namespace

Result<std::unique_ptr<Terminal>> Terminal::open() {
  SCREEN* screen = nullptr;
  const bool known = with_terminfo([&screen](const char* type) {
    screen = newterm(type, stdout, stdin);
    return screen != nullptr;
  });
  if (!known) return fail(Errc::unsupported, "this terminal cannot be drawn on", "set TERM, to xterm for instance");
  set_term(screen);
  set_escdelay(kEscapeMs);
  cbreak();
  noecho();
  nonl();
  keypad(stdscr, TRUE);
  nodelay(stdscr, TRUE);
  curs_set(0);
  return std::unique_ptr<Terminal>(new Terminal(start_colours()));
}

Terminal::~Terminal() {
  endwin();
}

Size Terminal::size() const {
  return {getmaxx(stdscr), getmaxy(stdscr)};
}

void Terminal::paint(const Page& page) const {
  werase(stdscr);
  const auto room = size();
  const int rows = std::min(static_cast<int>(page.size()), room.rows);
  for (int y = 0; y < rows; ++y) {
    wmove(stdscr, y, 0);
    int left = room.columns;
    for (const auto& span : page[static_cast<std::size_t>(y)]) {
      if (left <= 0) break;
      const int length = std::min(left, static_cast<int>(span.text.size()));
      wattrset(stdscr, static_cast<int>(attributes(span.style, colours_)));
      waddnstr(stdscr, span.text.c_str(), length);
      left -= length;
    }
  }
  wattrset(stdscr, A_NORMAL);
  wrefresh(stdscr);
}

std::optional<Key> Terminal::key(bool& resized) const {
  int code = wgetch(stdscr);
  while (code == KEY_RESIZE) {
    resized = true;
    code = wgetch(stdscr);
  }
  if (code == ERR) return std::nullopt;
  const auto kind = kind_of(code);
  return Key{kind, kind == Key::Kind::character ? static_cast<char>(code) : char{0}};
}

}  // namespace mus::top
