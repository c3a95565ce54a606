// SPDX-License-Identifier: Apache-2.0
// Reading below one directory, and never leaving it: no "..", no links, no other file system.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mus/result.hpp"
#include "mus/types.hpp"

namespace mus {

/// A file descriptor that closes itself. Rooms are linked into one program: the name must not be another room's.
class TreeFd {
 public:
  TreeFd() = default;
  explicit TreeFd(int fd) : fd_(fd) {}
  TreeFd(TreeFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  TreeFd& operator=(TreeFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  TreeFd(const TreeFd&) = delete;
  TreeFd& operator=(const TreeFd&) = delete;
  ~TreeFd();
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// The text of a small file in `dir`, at most `limit` bytes of it; none when it cannot be read (errno says why).
[[nodiscard]] std::optional<std::string> read_file_at(int dir, const std::string& name, std::size_t limit);

/// A cgroup tree, or in tests any directory. What vanishes while we look is absent, never an error.
/// Paths are plain_path()s.
class Tree {
 public:
  [[nodiscard]] static Result<Tree> open(const std::string& root);

  /// O_PATH descriptor of a directory; on failure errno is ENOENT, ENOTDIR, ELOOP (a link) or EXDEV (another mount).
  [[nodiscard]] TreeFd enter(const std::string& path) const;
  /// The directory with its id; none when it is not there.
  [[nodiscard]] std::optional<Cgroup> look(const std::string& path) const;
  [[nodiscard]] std::optional<CgroupId> id(const TreeFd& dir) const;
  /// False where a cgroup2 tree begins below the kernel's root: in a cgroup namespace, or a bind mount of a part.
  [[nodiscard]] bool whole() const;
  /// Names of the directories in it, sorted; links and odd names (plain_name) left out.
  [[nodiscard]] std::vector<std::string> children(const std::string& path) const;
  /// The processes of this very cgroup that are visible to us (the kernel writes 0 for those that are not).
  [[nodiscard]] std::vector<long> processes(const std::string& path) const;

 private:
  Tree(TreeFd root, dev_t device, bool cgroup2) : root_(std::move(root)), device_(device), cgroup2_(cgroup2) {}
  [[nodiscard]] TreeFd enter_stepwise(const std::string& path) const;

  TreeFd root_;
  dev_t device_ = 0;
  bool cgroup2_ = false;
};

[[nodiscard]] inline std::string join(const std::string& parent, const std::string& name) {
  return parent == "/" ? "/" + name : parent + "/" + name;
}

}  // namespace mus
