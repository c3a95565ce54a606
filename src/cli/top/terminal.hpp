// SPDX-License-Identifier: Apache-2.0
// The terminal at standard input and output. Drawn on by ncurses, which no other file includes but
// leave_screen.cpp.
#pragma once

#include <memory>
#include <optional>

#include "cli/top/page.hpp"
#include "mus/result.hpp"

namespace mus::top {

/// One at a time. The destructor leaves the terminal as it was.
class Terminal {
 public:
  /// For the kind that TERM names. Where that is not known here, or nothing is (an image without terminfo), as an
  /// xterm, which nearly all are like.
  static Result<std::unique_ptr<Terminal>> open();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  [[nodiscard]] Size size() const;
  void paint(const Page& page) const;
  /// The next key, without waiting; none: there is none. `resized` becomes true after a change of the size.
  std::optional<Key> key(bool& resized) const;

 private:
  explicit Terminal(bool colours) : colours_(colours) {}
  bool colours_;
};

}  // namespace mus::top
