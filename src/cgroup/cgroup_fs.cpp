// SPDX-License-Identifier: Apache-2.0
#include "cgroup/cgroup_fs.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "cgroup/names.hpp"
#include "cgroup/refusal.hpp"

namespace mus {

CgroupFs::CgroupFs(std::string cgroup_root, std::string proc_root)
    : cgroup_root_(std::move(cgroup_root)), proc_root_(std::move(proc_root)) {}

Result<Cgroup> CgroupFs::path(std::string_view path) const {
  std::string wanted{path};
  while (wanted.size() > 1 && wanted.ends_with('/')) wanted.pop_back();
  if (!plain_path(wanted)) {
    // The text itself is not repeated: it may hold anything.
    return fail(Errc::invalid_argument,
                "not a cgroup path: it must start with \"/\" and have no empty, \".\" or \"..\" part and no characters "
                "but printable ASCII",
                "give the path below the cgroup root, such as /system.slice/redis-server.service");
  }
  auto tree = Tree::open(cgroup_root_);
  if (!tree) return tl::unexpected(tree.error());
  if (auto allowed = check_boostable(*tree, wanted); !allowed) return tl::unexpected(allowed.error());

  const TreeFd dir = tree->enter(wanted);
  if (!dir.valid()) {
    switch (errno) {
      case ENOENT:
      case ENODEV:
      case ENOTDIR:
        return fail(Errc::not_found, "no cgroup " + wanted, "systemd-cgls shows those that there are");
      case ELOOP:
        return fail(Errc::invalid_argument, wanted + " goes through a symbolic link; links are not followed");
      case EXDEV:
        return fail(Errc::invalid_argument, wanted + " leaves the cgroup file system");
      default:
        return fail(Errc::io, "cannot open cgroup " + wanted + ": " + std::strerror(errno));
    }
  }
  const auto id = tree->id(dir);
  if (!id) return fail(Errc::io, "cannot read the id of cgroup " + wanted + ": " + std::strerror(errno));
  return Cgroup{*id, std::move(wanted)};
}

Result<std::uint32_t> CgroupFs::level(const Cgroup& cgroup) const {
  const auto tree = Tree::open(cgroup_root_);
  if (!tree) return tl::unexpected(tree.error());
  if (!tree->whole()) {
    return fail(
        Errc::unsupported,
        "how deep " + cgroup.path + " is cannot be told: " + cgroup_root_ + " is only a part of the cgroup tree",
        "run in the host's cgroup namespace, or give its whole tree with --cgroup-root");
  }
  return static_cast<std::uint32_t>(std::count(cgroup.path.begin(), cgroup.path.end(), '/'));
}

bool CgroupFs::alive(const Cgroup& cgroup) const {
  if (!plain_path(cgroup.path)) return false;
  const auto tree = Tree::open(cgroup_root_);
  if (!tree) return false;
  const auto now = tree->look(cgroup.path);
  return now && now->id == cgroup.id;
}

}  // namespace mus
