// SPDX-License-Identifier: Apache-2.0
// CgroupTree on a mounted cgroup2 file system (in tests: on any directory that looks like one).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cgroup/tree.hpp"
#include "mus/cgroup_tree.hpp"

namespace mus {

class CgroupFs final : public CgroupTree {
 public:
  /// `cgroup_root` as in --cgroup-root ("/sys/fs/cgroup"), `proc_root` as in --proc-root ("/proc").
  CgroupFs(std::string cgroup_root, std::string proc_root);

  [[nodiscard]] Result<std::vector<PodCgroup>> pods() const override;
  [[nodiscard]] Result<Cgroup> pod(const Pod& pod) const override;
  [[nodiscard]] Result<Cgroup> container(const Pod& pod, const Container& container) const override;
  [[nodiscard]] Result<Cgroup> path(std::string_view path) const override;
  [[nodiscard]] Result<Cgroup> unit(std::string_view name) const override;
  [[nodiscard]] Result<Cgroup> pid(std::int64_t pid) const override;
  [[nodiscard]] Result<std::vector<CgroupLevel>> levels(const Cgroup& cgroup) const override;
  [[nodiscard]] std::vector<Cgroup> children(const Cgroup& parent) const override;
  [[nodiscard]] std::vector<CgroupId> node_services() const override;
  [[nodiscard]] Result<std::uint32_t> level(const Cgroup& cgroup) const override;
  [[nodiscard]] bool alive(const Cgroup& cgroup) const override;

 private:
  [[nodiscard]] Result<Cgroup> find_container(const Tree& tree, const Pod& pod, const Container& container) const;

  std::string cgroup_root_;
  std::string proc_root_;
};

}  // namespace mus
