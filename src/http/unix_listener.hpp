// SPDX-License-Identifier: Apache-2.0
// The unix socket's file: who may connect is the file's mode, so its making is careful.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "http/socket_address.hpp"
#include "mus/result.hpp"

namespace mus {

class UnixListener {
 public:
  /// Creates the parent directory (0750) when missing, replaces a socket that nobody answers on, refuses with
  /// Errc::busy when somebody does. The file is 0660. `group`: a number or a name of /etc/group; empty:
  /// "mus-scheduler" when there is such a group, else the process's own.
  static Result<UnixListener> open(const std::string& path, const std::string& group, int backlog);

  UnixListener(UnixListener&&) = default;
  UnixListener& operator=(UnixListener&&) = default;
  /// Removes the file, if it is still the one made here.
  ~UnixListener();

  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  UnixListener(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Fd fd_;
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

/// A group's number from the text of /etc/group (getgrnam would load modules that a static executable cannot have).
[[nodiscard]] std::optional<gid_t> group_id(std::string_view etc_group, std::string_view name);

}  // namespace mus
