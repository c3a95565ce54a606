// SPDX-License-Identifier: Apache-2.0
#include "pods/token_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace mus {

Result<std::string> read_token(const std::string& path) {
  constexpr std::size_t limit = 16384;  // service account tokens are about 1 KiB
  const std::string name = "the kubelet token file " + path;
  // Links are followed on purpose: projected volumes are links to a directory that is swapped on rotation.
  // O_NONBLOCK: a FIFO by mistake must not hang us.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    return fail(Errc::unavailable, "cannot open " + name + ": " + std::strerror(errno), "check --kubelet-token-file");
  }
  std::string token;
  std::array<char, 4096> buffer;
  int error = 0;
  while (token.size() <= limit) {
    const auto got = read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) error = errno;
    if (got <= 0) break;
    token.append(buffer.data(), static_cast<std::size_t>(got));
  }
  close(fd);
  if (error != 0) return fail(Errc::unavailable, "cannot read " + name + ": " + std::strerror(error));
  if (token.size() > limit) {
    return fail(Errc::unavailable, name + " is too large to be a token", "check --kubelet-token-file");
  }
  const auto first = token.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) {
    return fail(Errc::unavailable, name + " is empty", "write the token into it; it is read for every request");
  }
  token = token.substr(first, token.find_last_not_of(" \t\r\n") - first + 1);
  // It becomes part of a header: a line break in it would be another header.
  if (!std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c <= '~'; })) {
    return fail(Errc::unavailable, name + " does not hold one bearer token", "check --kubelet-token-file");
  }
  return token;
}

}  // namespace mus
