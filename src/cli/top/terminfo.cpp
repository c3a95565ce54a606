// SPDX-License-Identifier: Apache-2.0
#include "cli/top/terminfo.hpp"

#include <cstdlib>
#include <string>

namespace mus::top {

bool with_terminfo(const std::function<bool(const char* type)>& take) {
  constexpr const char* kLikely = "xterm-256color";
  const char* term = std::getenv("TERM");
  if (term != nullptr && *term != '\0' && take(term)) return true;
  if (take(kLikely)) return true;
  // ncurses reads a description from the variable itself, term(7). Nobody else reads this process's environment.
  setenv("TERMINFO", std::string(kXterm).c_str(), 1);
  return take(kLikely);
}

}  // namespace mus::top
