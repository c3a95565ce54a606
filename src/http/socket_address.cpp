// SPDX-License-Identifier: Apache-2.0
#include "http/socket_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <system_error>

namespace mus {

void Fd::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

std::string in_quotes(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  return out.append(1, '"').append(text).append(1, '"');
}

std::string with_errno(const std::string& what, int error) {
  return what + ": " + std::generic_category().message(error);
}

Result<HostPort> split_host_port(std::string_view text, int default_port) {
  const auto bad = [&] {
    return fail(Errc::invalid_argument, in_quotes(text) + " is not an address with a port.",
                "Write it like 127.0.0.1:9797 or [::1]:9797.");
  };
  HostPort out;
  std::string_view rest;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return bad();
    out.host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else {
    const auto colon = text.find(':');
    out.host = text.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
  }
  if (out.host.empty()) return bad();
  if (rest.empty() && default_port >= 0) {
    out.port = default_port;
    return out;
  }
  if (!rest.starts_with(':')) return bad();
  rest.remove_prefix(1);
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), out.port);
  if (rest.empty() || error != std::errc{} || end != rest.data() + rest.size() || out.port < 0 || out.port > 65535) {
    return bad();
  }
  return out;
}

bool is_numeric(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 || inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

bool is_loopback(const std::string& numeric_host) {
  in_addr v4{};
  if (inet_pton(AF_INET, numeric_host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, numeric_host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

Result<std::vector<std::string>> numeric_hosts(const std::string& host) {
  if (host == "localhost") return std::vector<std::string>{"127.0.0.1", "::1"};
  if (is_numeric(host)) return std::vector<std::string>{host};
  return fail(Errc::invalid_argument,
              in_quotes(host) + " is a host name; only numeric addresses and localhost are used.",
              "Write the numeric address.");
}

Result<Fd> listen_tcp(std::string_view text, Interfaces interfaces, int backlog) {
  auto address = split_host_port(text);
  if (!address) return tl::unexpected(address.error());
  auto hosts = numeric_hosts(address->host);
  if (!hosts) return tl::unexpected(hosts.error());
  const auto& host = hosts->front();
  if (interfaces == Interfaces::loopback && !is_loopback(host)) {
    return fail(Errc::invalid_argument, in_quotes(text) + " is no loopback address, and others are not served.",
                "Listen on 127.0.0.1 or [::1], and reach it from elsewhere with ssh -L or kubectl port-forward.");
  }
  sockaddr_storage storage{};
  socklen_t size = 0;
  const auto port = htons(static_cast<std::uint16_t>(address->port));
  if (auto* v4 = reinterpret_cast<sockaddr_in*>(&storage); inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = port;
    size = sizeof *v4;
  } else {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
    inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = port;
    size = sizeof *v6;
  }
  Fd fd(::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  // REUSEADDR alone: it skips TIME_WAIT after a restart and still refuses a port that somebody listens on.
  if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::bind(fd.get(), reinterpret_cast<sockaddr*>(&storage), size) != 0 || ::listen(fd.get(), backlog) != 0) {
    const int error = errno;
    return fail(error == EADDRINUSE ? Errc::busy : Errc::io, with_errno("cannot listen on " + std::string(text), error),
                error == EADDRINUSE ? "Another program has the port: choose another one, or '' for none." : "");
  }
  return fd;
}

int local_port(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return 0;
  if (storage.ss_family == AF_INET) return ntohs(reinterpret_cast<sockaddr_in*>(&storage)->sin_port);
  if (storage.ss_family == AF_INET6) return ntohs(reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port);
  return 0;
}

}  // namespace mus
