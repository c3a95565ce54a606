// SPDX-License-Identifier: Apache-2.0
#include "pods/host_directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <memory>

namespace mus {
namespace {

class HostFd {
 public:
  explicit HostFd(int fd) : fd_(fd) {}
  HostFd(HostFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  HostFd& operator=(HostFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  HostFd(const HostFd&) = delete;
  HostFd& operator=(const HostFd&) = delete;
  ~HostFd() {
    if (fd_ >= 0) close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }

 private:
  int fd_;
};

struct CloseHostDir {
  void operator()(DIR* dir) const { closedir(dir); }
};

/// One name after the other, for where openat2 is not allowed. A link anywhere is ELOOP, or ENOTDIR on the way.
HostFd open_stepwise(int dir, std::string_view path, int flags) {
  HostFd at{-1};
  while (true) {
    const auto slash = path.find('/');
    const std::string name{path.substr(0, slash)};
    const bool last = slash == std::string_view::npos;
    if (name.empty() || name == "." || name == "..") {
      errno = EINVAL;
      return HostFd{-1};
    }
    const int from = at.valid() ? at.get() : dir;
    HostFd next{openat(from, name.c_str(), last ? flags | O_NOFOLLOW : O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (last || !next.valid()) return next;
    at = std::move(next);
    path.remove_prefix(slash + 1);
  }
}

HostFd open_beneath(int dir, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  HostFd fd{static_cast<int>(syscall(SYS_openat2, dir, path.c_str(), &how, sizeof how))};
  // Container runtimes' older seccomp profiles know no openat2 and deny it either way.
  if (!fd.valid() && (errno == ENOSYS || errno == EPERM)) return open_stepwise(dir, path, flags);
  return fd;
}

HostDirectory::Names sorted(HostDirectory::Names found) {
  std::sort(found.names.begin(), found.names.end());
  return found;
}

tl::unexpected<Error> cannot(const std::string& what, const std::string& path, int error) {
  const std::string said = "cannot " + what + " " + path + ": " + std::strerror(error);
  if (error == ENOENT || error == ENOTDIR) return fail(Errc::not_found, said);
  if (error == ELOOP) return fail(Errc::protocol, "cannot " + what + " " + path + ": a link is on the way");
  return fail(Errc::io, said, error == EACCES ? "container runtimes' files are for root: run as root" : "");
}

}  // namespace

HostDirectory::~HostDirectory() {
  if (fd_ >= 0) close(fd_);
}

Result<HostDirectory> HostDirectory::open(const std::string& root, const std::string& path) {
  // The root is the operator's own choice and may itself be reached through links.
  const HostFd at{::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!at.valid()) return cannot("open", root, errno);
  // O_PATH: that its names may be hidden from us does not hide what is below (containerd's has the mode 0711).
  HostFd fd = open_beneath(at.get(), path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (!fd.valid()) return cannot("open", "/" + path, errno);
  return HostDirectory{fd.release()};
}

Result<HostDirectory::Names> HostDirectory::names(std::size_t limit) const {
  HostFd readable{openat(fd_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!readable.valid()) return cannot("list", "it", errno);
  const std::unique_ptr<DIR, CloseHostDir> stream{fdopendir(readable.get())};
  if (!stream) return cannot("list", "it", errno);
  (void)readable.release();  // the stream's now
  Names found;
  while (true) {
    errno = 0;  // the end and an error both give null
    const dirent* entry = readdir(stream.get());
    if (entry == nullptr) break;
    const std::string_view name{entry->d_name};
    if (name == "." || name == "..") continue;
    if (found.names.size() == limit) {
      found.all = false;
      return sorted(std::move(found));
    }
    found.names.emplace_back(name);
  }
  found.all = errno == 0;
  return sorted(std::move(found));
}

Result<HostDirectory::File> HostDirectory::read(const std::string& path, std::size_t limit) const {
  // O_NONBLOCK: a FIFO by mistake must not hang us.
  const HostFd fd = open_beneath(fd_, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (!fd.valid()) return cannot("open", path, errno);
  struct stat status = {};
  if (fstat(fd.get(), &status) != 0) return cannot("look at", path, errno);
  if (!S_ISREG(status.st_mode)) return fail(Errc::protocol, path + " is no file");
  File file;
  constexpr std::int64_t second = 1'000'000'000;
  file.modified_ns = status.st_mtim.tv_sec * second + status.st_mtim.tv_nsec;
  std::array<char, 16384> buffer;
  while (file.text.size() <= limit) {
    const auto got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot("read", path, errno);
    if (got == 0) return file;
    file.text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return fail(Errc::protocol, path + " is larger than " + std::to_string(limit) + " bytes");
}

std::string HostDirectory::link(const std::string& name) const {
  std::array<char, PATH_MAX> target;
  const auto size = readlinkat(fd_, name.c_str(), target.data(), target.size());
  return size <= 0 ? std::string{} : std::string{target.data(), static_cast<std::size_t>(size)};
}

}  // namespace mus
