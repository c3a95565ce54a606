// SPDX-License-Identifier: Apache-2.0
// Addresses given as text. No names but `localhost`: a static glibc must not be asked to resolve any.
#pragma once

#include <sys/socket.h>

#include <string>
#include <string_view>
#include <vector>

#include "mus/result.hpp"

namespace mus {

/// An open file descriptor, closed when it goes.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] explicit operator bool() const { return fd_ >= 0; }
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

/// "host:port" taken apart; the host without its brackets.
struct HostPort {
  std::string host;
  int port = 0;
};
[[nodiscard]] Result<HostPort> split_host_port(std::string_view text, int default_port = -1);

/// The numeric addresses that a host stands for: itself, or both loopbacks for `localhost`.
[[nodiscard]] Result<std::vector<std::string>> numeric_hosts(const std::string& host);
[[nodiscard]] bool is_numeric(const std::string& host);
[[nodiscard]] bool is_loopback(const std::string& numeric_host);

enum class Interfaces {
  loopback,
  any,  ///< for what names nothing and changes nothing
};

/// A listening, non-blocking socket ("127.0.0.1:9797", "[::1]:0", "localhost:9797"). invalid_argument: not one of
/// those.
[[nodiscard]] Result<Fd> listen_tcp(std::string_view address, Interfaces interfaces, int backlog);
[[nodiscard]] int local_port(int fd);

/// The text in double quotes. Appends: g++ 12 warns, falsely, about "\"" + text in optimised code.
[[nodiscard]] std::string in_quotes(std::string_view text);

/// "what: the system's word for errno".
[[nodiscard]] std::string with_errno(const std::string& what, int error);

}  // namespace mus
