// SPDX-License-Identifier: Apache-2.0
#include "cgroup/tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "cgroup/names.hpp"

namespace mus {
namespace {

constexpr int directory = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

struct CloseDir {
  void operator()(DIR* dir) const { closedir(dir); }
};

/// kernfs' file handles are the 64-bit node id (fs/kernfs/mount.c, kernfs_encode_fh; FILEID_KERNFS = 0xfe), which is
/// what BPF sees as cgroup->kn->id. st_ino is the same number on 64-bit machines and its low half on others.
std::optional<CgroupId> handle_id(int fd) {
  constexpr unsigned int id_bytes = sizeof(std::uint64_t);
  constexpr int fileid_kernfs = 0xfe;
  alignas(file_handle) std::array<char, sizeof(file_handle) + id_bytes> space{};
  auto* handle = reinterpret_cast<file_handle*>(space.data());
  handle->handle_bytes = id_bytes;
  int mount_id = 0;
  if (name_to_handle_at(fd, "", handle, &mount_id, AT_EMPTY_PATH) != 0) return std::nullopt;
  if (handle->handle_type != fileid_kernfs || handle->handle_bytes != id_bytes) return std::nullopt;
  std::uint64_t id = 0;
  std::memcpy(&id, space.data() + sizeof(file_handle), sizeof id);
  return CgroupId{id};
}

}  // namespace

TreeFd::~TreeFd() {
  if (fd_ >= 0) close(fd_);
}

std::optional<std::string> read_file_at(int dir, const std::string& name, std::size_t limit) {
  const TreeFd file{openat(dir, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
  if (!file.valid()) return std::nullopt;
  std::string text;
  std::array<char, 4096> buffer;
  while (text.size() < limit) {
    const auto got = read(file.get(), buffer.data(), std::min(buffer.size(), limit - text.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

Result<Tree> Tree::open(const std::string& root) {
  // The root is the operator's own choice and may itself be reached through links.
  TreeFd fd{::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  struct stat status = {};
  struct statfs fs = {};
  if (!fd.valid() || fstat(fd.get(), &status) != 0 || fstatfs(fd.get(), &fs) != 0) {
    return fail(Errc::io, "cannot open the cgroup root " + root + ": " + std::strerror(errno),
                "mount cgroup2 there or name it with --cgroup-root");
  }
  return Tree{std::move(fd), status.st_dev, fs.f_type == CGROUP2_SUPER_MAGIC};
}

TreeFd Tree::enter(const std::string& path) const {
  if (path == "/") return TreeFd{openat(root_.get(), ".", directory)};
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;  // without O_NOFOLLOW a link at the end is ELOOP like any other
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  TreeFd fd{static_cast<int>(syscall(SYS_openat2, root_.get(), path.c_str() + 1, &how, sizeof how))};
  // Kernels that have sched_ext have openat2, but container runtimes' older seccomp profiles deny it either way.
  if (!fd.valid() && (errno == ENOSYS || errno == EPERM)) return enter_stepwise(path);
  return fd;
}

TreeFd Tree::enter_stepwise(const std::string& path) const {
  TreeFd at{openat(root_.get(), ".", directory)};
  std::string_view rest{path};
  while (at.valid() && !rest.empty()) {
    rest.remove_prefix(1);
    const std::string name{rest.substr(0, rest.find('/'))};
    rest.remove_prefix(name.size());
    TreeFd next{openat(at.get(), name.c_str(), directory)};
    if (!next.valid() && errno == ENOTDIR) {  // what O_DIRECTORY and O_NOFOLLOW make of a link
      struct stat status = {};
      const bool link = fstatat(at.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode);
      errno = link ? ELOOP : ENOTDIR;
    }
    const int error = errno;  // closing the last one must not hide it
    at = std::move(next);
    errno = error;
  }
  struct stat status = {};
  if (at.valid() && (fstat(at.get(), &status) != 0 || status.st_dev != device_)) {
    at = TreeFd{};
    errno = EXDEV;
  }
  return at;
}

std::optional<CgroupId> Tree::id(const TreeFd& dir) const {
  if (cgroup2_) {
    if (auto id = handle_id(dir.get())) return id;
  }
  struct stat status = {};
  if (fstat(dir.get(), &status) != 0) return std::nullopt;
  return CgroupId{status.st_ino};
}

bool Tree::whole() const {
  constexpr CgroupId kernels_root{1};  // cgroup_setup_root() warns of any other
  return !cgroup2_ || id(root_) == kernels_root;
}

std::optional<Cgroup> Tree::look(const std::string& path) const {
  const TreeFd dir = enter(path);
  if (!dir.valid()) return std::nullopt;
  const auto found = id(dir);
  if (!found) return std::nullopt;
  return Cgroup{*found, path};
}

std::vector<std::string> Tree::children(const std::string& path) const {
  std::vector<std::string> names;
  const TreeFd dir = enter(path);
  if (!dir.valid()) return names;
  const int readable = openat(dir.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (readable < 0) return names;
  const std::unique_ptr<DIR, CloseDir> stream{fdopendir(readable)};
  if (!stream) {
    close(readable);
    return names;
  }
  // ENOENT or ENODEV in the middle: the cgroup was removed; what was read so far is as good as nothing more.
  while (const dirent* entry = readdir(stream.get())) {
    if (!plain_name(entry->d_name)) continue;
    bool is_directory = entry->d_type == DT_DIR;
    if (entry->d_type == DT_UNKNOWN) {
      struct stat status = {};
      is_directory = fstatat(dir.get(), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
    }
    if (is_directory) names.emplace_back(entry->d_name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<long> Tree::processes(const std::string& path) const {
  std::vector<long> pids;
  const TreeFd dir = enter(path);
  if (!dir.valid()) return pids;
  constexpr std::size_t enough = 65536;
  const auto text = read_file_at(dir.get(), "cgroup.procs", enough);
  if (!text) return pids;  // also EOPNOTSUPP of threaded cgroups
  std::string_view rest{*text};
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    long pid = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), pid);
    if (error == std::errc{} && end == line.data() + line.size() && pid > 0) pids.push_back(pid);
  }
  return pids;
}

}  // namespace mus
