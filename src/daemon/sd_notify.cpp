// SPDX-License-Identifier: Apache-2.0
#include "daemon/sd_notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "daemon/fd.hpp"

namespace mus {
namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view{} : std::string_view{value};
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Notifier Notifier::from_environment() {
  std::optional<std::chrono::microseconds> watchdog;
  const auto period = number(variable("WATCHDOG_USEC"));
  const auto pid = variable("WATCHDOG_PID");
  if (period && *period > 0 && (pid.empty() || number(pid) == getpid())) watchdog = std::chrono::microseconds{*period};
  return Notifier(std::string(variable("NOTIFY_SOCKET")), watchdog);
}

bool Notifier::send(std::string_view assignments) const {
  sockaddr_un address{};
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) return false;
  if (socket_[0] != '/' && socket_[0] != '@') return false;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  // An abstract address begins with a zero byte and is exactly as long as its name: a longer one is another address.
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());

  const OwnedFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return false;
  const auto sent = sendto(fd.get(), assignments.data(), assignments.size(), MSG_NOSIGNAL,
                           reinterpret_cast<const sockaddr*>(&address), length);
  return sent == static_cast<ssize_t>(assignments.size());
}

}  // namespace mus
