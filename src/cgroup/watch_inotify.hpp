// SPDX-License-Identifier: Apache-2.0
// The kernel's notices about directories made and removed. One queue for all.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cgroup/tree.hpp"

namespace mus {

class Inotify {
 public:
  struct Change {
    int watch = -1;
    std::string name;     ///< of a directory in the watched one that was made or removed; plain_name()s only
    bool ended = false;   ///< instead: the kernel has dropped the watch
    bool missed = false;  ///< instead: the kernel has dropped changes
  };

  /// On failure fd() is -1 and errno says why.
  Inotify();

  [[nodiscard]] int fd() const { return fd_.get(); }

  /// The number of the watch on a directory, the same as before if it has one; -1 and errno on failure. Not through a
  /// link.
  [[nodiscard]] int add(const std::string& directory) const;
  void remove(int watch) const;

  /// What has happened, in order. At most about a thousand changes; what is left stays for the next call.
  [[nodiscard]] std::vector<Change> read() const;

 private:
  TreeFd fd_;
};

}  // namespace mus
