// SPDX-License-Identifier: Apache-2.0
#include "http/unix_listener.hpp"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace mus {
namespace {

constexpr auto kKeepGroup = static_cast<gid_t>(-1);

Result<gid_t> choose_group(const std::string& group) {
  gid_t id = 0;
  const auto [end, error] = std::from_chars(group.data(), group.data() + group.size(), id);
  if (!group.empty() && error == std::errc{} && end == group.data() + group.size()) return id;
  std::ifstream file("/etc/group");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (const auto found = group_id(text, group.empty() ? "mus-scheduler" : group)) return *found;
  if (group.empty()) return kKeepGroup;
  return fail(Errc::invalid_argument, "there is no group " + in_quotes(group) + " in /etc/group",
              "Create it (groupadd --system " + group + ") or give a group's number.");
}

Result<void> make_directory(const std::filesystem::path& directory, gid_t group) {
  std::error_code error;
  if (directory.empty() || std::filesystem::is_directory(directory, error)) return {};
  std::filesystem::create_directories(directory.parent_path(), error);
  if (::mkdir(directory.c_str(), 0750) != 0 && errno != EEXIST) {
    return fail(Errc::io, with_errno("cannot create " + directory.string(), errno),
                "Create it, or choose another place with --socket.");
  }
  if (group != kKeepGroup && ::chown(directory.c_str(), static_cast<uid_t>(-1), group) != 0) {
    return fail(Errc::io, with_errno("cannot give " + directory.string() + " to its group", errno));
  }
  return {};
}

Result<void> clear_way(const std::string& path, const sockaddr_un& address) {
  struct stat info = {};
  if (::lstat(path.c_str(), &info) != 0) return {};
  if (!S_ISSOCK(info.st_mode)) {
    return fail(Errc::io, path + " exists and is not a socket", "Move it away, or choose another place with --socket.");
  }
  // Non-blocking: a live daemon with a full backlog answers EAGAIN instead of holding us up.
  const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe) return fail(Errc::io, with_errno("cannot make a socket", errno));
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN) {
    return fail(Errc::busy, "another daemon answers on " + path,
                "Stop it first (systemctl stop mus-scheduler), or choose another place with --socket.");
  }
  if (errno != ECONNREFUSED) return fail(Errc::io, with_errno("cannot tell whether " + path + " is in use", errno));
  if (::unlink(path.c_str()) != 0) return fail(Errc::io, with_errno("cannot remove the stale " + path, errno));
  return {};
}

}  // namespace

std::optional<gid_t> group_id(std::string_view etc_group, std::string_view name) {
  while (!etc_group.empty()) {
    const auto end = etc_group.find('\n');
    auto line = etc_group.substr(0, end);
    etc_group.remove_prefix(end == std::string_view::npos ? etc_group.size() : end + 1);
    // name:password:number:members
    const auto first = line.find(':');
    if (first == std::string_view::npos || line.substr(0, first) != name) continue;
    const auto second = line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const auto digits = line.substr(second + 1, line.find(':', second + 1) - second - 1);
    gid_t id = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
    if (error == std::errc{} && stop == digits.data() + digits.size()) return id;
  }
  return std::nullopt;
}

Result<UnixListener> UnixListener::open(const std::string& path, const std::string& group_name, int backlog) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return fail(Errc::invalid_argument, "the socket's path is longer than the kernel's 107 characters: " + path,
                "Choose a shorter one with --socket.");
  }
  std::memcpy(address.sun_path, path.data(), path.size());

  const auto group = choose_group(group_name);
  if (!group) return tl::unexpected(group.error());
  if (auto made = make_directory(std::filesystem::path(path).parent_path(), *group); !made) {
    return tl::unexpected(made.error());
  }
  if (auto clear = clear_way(path, address); !clear) return tl::unexpected(clear.error());

  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fail(Errc::io, with_errno("cannot make the socket " + path, errno),
                "Run as a user that may write there, or choose another place with --socket.");
  }
  UnixListener listener(std::move(fd), path);
  // Between bind and listen nobody can connect, so there is no moment with the umask's mode.
  struct stat info = {};
  if ((*group != kKeepGroup && ::chown(path.c_str(), static_cast<uid_t>(-1), *group) != 0) ||
      ::chmod(path.c_str(), 0660) != 0 || ::lstat(path.c_str(), &info) != 0 || ::listen(listener.fd(), backlog) != 0) {
    return fail(Errc::io, with_errno("cannot set up the socket " + path, errno));
  }
  listener.device_ = info.st_dev;
  listener.inode_ = info.st_ino;
  return listener;
}

UnixListener::~UnixListener() {
  struct stat info = {};
  if (fd_ && ::lstat(path_.c_str(), &info) == 0 && info.st_dev == device_ && info.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
}

}  // namespace mus
