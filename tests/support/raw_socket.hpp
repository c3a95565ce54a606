// SPDX-License-Identifier: Apache-2.0
// A client that sends any bytes at all, for what no HTTP library would send.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace mus::test {

class RawSocket {
 public:
  explicit RawSocket(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  explicit RawSocket(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
    fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  RawSocket(RawSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)), connected_(other.connected_) {}
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;
  RawSocket& operator=(RawSocket&&) = delete;
  ~RawSocket() {
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] int fd() const { return fd_; }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  /// Everything until the server closes, or until the time is up.
  std::string read_all(std::chrono::milliseconds limit = std::chrono::seconds(10)) {
    std::string out;
    const auto end = std::chrono::steady_clock::now() + limit;
    while (read_some(out, end)) {
    }
    return out;
  }

  /// One answer with a Content-Length; the connection may stay.
  std::string read_answer(std::chrono::milliseconds limit = std::chrono::seconds(10)) {
    std::string out;
    const auto end = std::chrono::steady_clock::now() + limit;
    for (;;) {
      const auto head = out.find("\r\n\r\n");
      if (head != std::string::npos) {
        const auto at = out.find("Content-Length: ");
        const auto length = at < head ? std::stoul(out.substr(at + 16)) : 0;
        if (out.size() >= head + 4 + length) return out;
      }
      if (!read_some(out, end)) return out;
    }
  }

  /// Adds what comes to `text` until it holds `wanted`; false when the server closes before, or the time is up.
  bool read_until(std::string& text, std::string_view wanted,
                  std::chrono::milliseconds limit = std::chrono::seconds(10)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (text.find(wanted) == std::string::npos) {
      if (!read_some(text, end)) return false;
    }
    return true;
  }

 private:
  bool read_some(std::string& out, std::chrono::steady_clock::time_point end) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
    pollfd poll_fd{fd_, POLLIN, 0};
    if (left <= 0 || ::poll(&poll_fd, 1, static_cast<int>(left)) <= 0) return false;
    char buffer[4096];
    const auto n = ::recv(fd_, buffer, sizeof buffer, 0);
    if (n <= 0) return false;
    out.append(buffer, static_cast<std::size_t>(n));
    return true;
  }

  int fd_ = -1;
  bool connected_ = false;
};

/// The status code of an answer, 0 when there is none.
inline int status_of(std::string_view answer) {
  return answer.size() > 12 && answer.substr(0, 9) == "HTTP/1.1 " ? std::stoi(std::string(answer.substr(9, 3))) : 0;
}

}  // namespace mus::test
