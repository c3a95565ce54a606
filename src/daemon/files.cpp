// SPDX-License-Identifier: Apache-2.0
#include "daemon/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace mus {
namespace {

constexpr std::size_t kShortestToken = 16;
constexpr std::size_t kLongestToken = 4096;

tl::unexpected<Error> failed(const std::string& what, int error, std::string advice = {}) {
  if (advice.empty() && (error == EACCES || error == EPERM || error == EROFS)) {
    advice = "run as root, or choose another place with --state-dir";
  }
  return fail(Errc::io, what + ": " + std::strerror(error), std::move(advice));
}

Result<std::string> random_hex() {
  std::array<unsigned char, 32> bytes{};
  std::size_t have = 0;
  while (have < bytes.size()) {
    const auto got = getrandom(bytes.data() + have, bytes.size() - have, 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      return failed("no random bytes for the token", errno);
    }
    have += static_cast<std::size_t>(got);
  }
  std::string text;
  for (const auto byte : bytes) {
    text += "0123456789abcdef"[byte >> 4U];
    text += "0123456789abcdef"[byte & 15U];
  }
  return text;
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Result<std::string> read_token(int fd, const std::string& path) {
  std::string text(kLongestToken + 1, '\0');
  const auto got = read(fd, text.data(), text.size());
  if (got < 0) return failed(path + " cannot be read", errno);
  text.resize(static_cast<std::size_t>(got));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  for (const char c : text) {
    if (c > ' ' && c <= '~') continue;
    return fail(Errc::io, path + " holds something other than a token", "remove it: a new one is made at start");
  }
  if (text.size() < kShortestToken || text.size() > kLongestToken) {
    return fail(Errc::io, path + " holds a token of " + std::to_string(text.size()) + " characters",
                "use 16 to 4096, or remove the file: a new one is made at start");
  }
  return text;
}

}  // namespace

Result<OwnedFd> lock_state_dir(const std::string& directory) {
  if (mkdir(directory.c_str(), 0750) != 0 && errno != EEXIST) return failed(directory + " cannot be made", errno);
  const std::string path = directory + "/lock";
  OwnedFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return failed(path + " cannot be opened", errno);
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return failed(path + " cannot be locked", errno);
    return fail(Errc::busy, "another mus-scheduler uses " + directory,
                "stop it first (systemctl stop mus-scheduler); a second one with another --state-dir and --socket can "
                "only serve --dry-run");
  }
  return fd;
}

Result<std::string> load_or_create_token(const std::string& path, std::optional<gid_t> gid) {
  const OwnedFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd) return read_token(fd.get(), path);
  if (errno != ENOENT) return failed(path + " cannot be opened", errno);
  auto token = random_hex();
  if (!token) return token;
  if (const int error = replace_file(path, *token + "\n", 0640, gid); error != 0) {
    return failed(path + " cannot be written", error);
  }
  return token;
}

int replace_file(const std::string& path, std::string_view text, mode_t mode, std::optional<gid_t> gid) {
  const std::string temporary = path + ".new";
  unlink(temporary.c_str());  // of a daemon that died here
  OwnedFd fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return errno;
  // Best effort: without the right to give the file to the group, only root reads it, which is safe.
  if (gid) (void)!fchown(fd.get(), static_cast<uid_t>(-1), *gid);
  if (fchmod(fd.get(), mode) != 0 || !write_all(fd.get(), text) || fsync(fd.get()) != 0 || fd.close() != 0 ||
      rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    unlink(temporary.c_str());
    return error;
  }
  const auto directory = std::filesystem::path(path).parent_path();
  const OwnedFd parent(open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent) return errno;
  return fsync(parent.get()) == 0 || errno == EINVAL ? 0 : errno;  // EINVAL: this file system has no such thing
}

std::optional<gid_t> find_group(const std::string& file, std::string_view name) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {  // name:password:gid:members
    const auto first = line.find(':');
    if (first == std::string::npos || std::string_view(line).substr(0, first) != name) continue;
    const auto second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    gid_t gid = 0;
    const char* begin = line.data() + second + 1;
    const auto [end, error] = std::from_chars(begin, line.data() + line.size(), gid);
    if (error == std::errc{} && end != begin) return gid;
  }
  return std::nullopt;
}

}  // namespace mus
