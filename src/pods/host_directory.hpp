// SPDX-License-Identifier: Apache-2.0
// Reading a directory of the node, below the host root, and never anything outside of it: no "..", no links.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mus/result.hpp"

namespace mus {

class HostDirectory {
 public:
  struct File {
    std::string text;
    std::int64_t modified_ns = 0;  ///< by the wall clock
  };
  struct Names {
    std::vector<std::string> names;  ///< sorted
    bool all = true;                 ///< false: there are more than the limit, or reading broke off
  };

  /// `path` without a leading "/". Errc::not_found: there is no such directory; io: it is there and not for us.
  [[nodiscard]] static Result<HostDirectory> open(const std::string& root, const std::string& path);

  HostDirectory(HostDirectory&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  HostDirectory& operator=(HostDirectory&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  HostDirectory(const HostDirectory&) = delete;
  HostDirectory& operator=(const HostDirectory&) = delete;
  ~HostDirectory();

  /// What is in it, whatever it is, at most `limit` of them. Errc::io.
  [[nodiscard]] Result<Names> names(std::size_t limit) const;
  /// A regular file, by its path from here. Errc::not_found, io; protocol: larger than `limit`, or a link or worse.
  [[nodiscard]] Result<File> read(const std::string& path, std::size_t limit) const;
  /// What a link in it says, which is not followed; empty when it is none.
  [[nodiscard]] std::string link(const std::string& name) const;

 private:
  explicit HostDirectory(int fd) : fd_(fd) {}

  int fd_ = -1;
};

}  // namespace mus
