// SPDX-License-Identifier: Apache-2.0
// CgroupFs: where the node's own services are.
#include <fcntl.h>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "cgroup/cgroup_fs.hpp"
#include "cgroup/kube_layout.hpp"
#include "cgroup/proc_cgroup.hpp"

namespace mus {
namespace {

constexpr std::size_t kMaxText = 16384;

// systemd's; and what kubelets are told to use for themselves, the runtime and the system (--kubelet-cgroups,
// --runtime-cgroups, --system-cgroups, --kube-reserved-cgroup, --system-reserved-cgroup in Kubernetes' documentation).
constexpr std::array kUsual = {"/system.slice",  "/init.scope", "/kubelet.slice",
                               "/runtime.slice", "/kubelet",    "/system"};

// Empty when it is not to be known, and "/" when we are in the root.
std::string own_path(const std::string& proc_root) {
  const TreeFd process{open((proc_root + "/self").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!process.valid()) return {};
  const auto text = read_file_at(process.get(), "cgroup", kMaxText);
  if (!text) return {};
  const auto said = parse_proc_cgroup(*text);
  return said && !said->relative && !said->deleted ? said->tail : std::string{};
}

}  // namespace

std::vector<CgroupId> CgroupFs::node_services() const {
  std::vector<CgroupId> found;
  const auto tree = Tree::open(cgroup_root_);
  if (!tree) return found;
  const auto take = [&](const std::string& path) {
    if (const auto cgroup = tree->look(path)) found.push_back(cgroup->id);
  };
  for (const char* path : kUsual) take(path);
  const auto own = own_path(proc_root_);
  if (own.size() > 1 && kube::place_of(own).place == kube::Place::outside) take(own);
  return found;
}

}  // namespace mus
