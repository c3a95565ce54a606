// SPDX-License-Identifier: Apache-2.0
#include "cli/top/leave_screen.hpp"

#include <curses.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>

#include "cli/top/terminfo.hpp"
// Last: its macros have names like "lines" and "tab".
#include <term.h>

namespace mus::top {

void leave_screen() {
  const bool known = with_terminfo([](const char* type) {
    int found = 0;
    return setupterm(type, STDOUT_FILENO, &found) == OK;
  });
  if (!known) return;
  for (const char* name : {"sgr0", "rmkx", "cnorm", "rmcup"}) {
    const char* sequence = tigetstr(name);
    // (char*)-1: that is none of its capabilities, terminfo(3).
    const bool none = sequence == nullptr || reinterpret_cast<std::intptr_t>(sequence) == -1;
    if (!none) putp(sequence);
  }
  (void)!std::fflush(stdout);
}

}  // namespace mus::top
