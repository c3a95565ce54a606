// SPDX-License-Identifier: Apache-2.0
// CgroupFs: the cgroup that a process is in.
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "cgroup/cgroup_fs.hpp"
#include "cgroup/names.hpp"
#include "cgroup/proc_cgroup.hpp"
#include "cgroup/refusal.hpp"

namespace mus {
namespace {

constexpr std::size_t max_text = 16384;

tl::unexpected<Error> ended(const std::string& pid) {
  return fail(Errc::not_found, "process " + pid + " ended while it was looked up", "name a process that lives");
}

Result<ProcStat> read_stat(const TreeFd& process, const std::string& pid) {
  const auto text = read_file_at(process.get(), "stat", max_text);
  if (!text) return ended(pid);
  return parse_proc_stat(*text);
}

/// The directories that `tail` may mean when it is relative to a root that is not ours.
std::vector<std::string> search(const Tree& tree, const std::string& tail) {
  constexpr std::size_t max_directories = 65536;
  std::vector<std::string> found;
  std::deque<std::string> queue{"/"};
  std::size_t seen = 0;
  while (!queue.empty()) {
    const auto at = std::move(queue.front());
    queue.pop_front();
    for (const auto& child : tree.children(at)) {
      if (++seen > max_directories) return found;
      auto path = join(at, child);
      if (same_tail(path, tail)) found.push_back(path);
      queue.push_back(std::move(path));
    }
  }
  return found;
}

Result<Cgroup> locate(const Tree& tree, const ProcCgroup& said, std::int64_t pid) {
  const auto text = std::to_string(pid);
  if (!said.relative) {
    if (auto direct = tree.look(said.tail)) return *direct;
  }
  auto found = search(tree, said.tail);
  if (!said.relative || found.size() > 1) {
    // The kernel's own list decides between directories of the same name, and whether a shorter path is ours at all
    // (a --cgroup-root further down than the mount point).
    std::erase_if(found, [&](const std::string& path) {
      const auto pids = tree.processes(path);
      return std::find(pids.begin(), pids.end(), pid) == pids.end();
    });
  }
  if (found.size() == 1) {
    if (auto cgroup = tree.look(found.front())) return *cgroup;
  }
  return fail(Errc::not_found,
              "process " + text + " is in cgroup " + said.tail + ", which is not below the cgroup root",
              "check that --cgroup-root is the host's cgroup2 tree");
}

}  // namespace

Result<Cgroup> CgroupFs::pid(std::int64_t pid) const {
  if (pid <= 0) return fail(Errc::invalid_argument, "a process id is a positive number");
  const auto text = std::to_string(pid);
  const TreeFd proc{open(proc_root_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!proc.valid()) {
    return fail(Errc::io, "cannot open " + proc_root_ + ": " + std::strerror(errno), "check --proc-root");
  }
  // The descriptor stays with this process: once it is gone, reads through it fail with ESRCH, whoever got its number.
  const TreeFd process{openat(proc.get(), text.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (!process.valid()) {
    return fail(Errc::not_found, "no process " + text + " that is visible here",
                "in a container, hostPID: true is needed to see the node's processes");
  }
  const auto before = read_stat(process, text);
  if (!before) return tl::unexpected(before.error());
  if (before->kernel_thread) {
    return fail(Errc::invalid_argument,
                "process " + text + " is a kernel thread, and those are in no cgroup of their own",
                "name a process of a program");
  }
  const auto line = read_file_at(process.get(), "cgroup", max_text);
  if (!line) return ended(text);
  const auto said = parse_proc_cgroup(*line);
  if (!said) return tl::unexpected(said.error());
  if (said->deleted) return ended(text);
  if (said->tail == "/") {
    return fail(Errc::invalid_argument, "process " + text + " is in the root cgroup, which holds everything",
                "start it in a unit or a cgroup of its own (systemd-run --scope)");
  }

  const auto tree = Tree::open(cgroup_root_);
  if (!tree) return tl::unexpected(tree.error());
  auto cgroup = locate(*tree, *said, pid);
  if (!cgroup) return cgroup;
  if (auto allowed = check_boostable(*tree, cgroup->path); !allowed) return tl::unexpected(allowed.error());

  // The second look goes by the number again, so that a process of the same number that took its place is noticed.
  const TreeFd again{openat(proc.get(), text.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (!again.valid()) return ended(text);
  const auto after = read_stat(again, text);
  if (!after) return tl::unexpected(after.error());
  if (after->start_time != before->start_time) {
    return fail(Errc::not_found, "process " + text + " ended while it was looked up, and another has its number now",
                "look again which process you mean");
  }
  return cgroup;
}

}  // namespace mus
