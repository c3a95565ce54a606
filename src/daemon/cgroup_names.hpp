// SPDX-License-Identifier: Apache-2.0
// Whose cgroups those are that the scheduler knows by their ids only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/tree_view.hpp"
#include "mus/cgroup_tree.hpp"
#include "mus/types.hpp"

namespace mus {

/// A container's place and what it asks for.
struct ContainerCgroup {
  std::string ns, pod, container;  ///< empty when the pod list does not know it
  Cgroup cgroup;
  std::optional<double> request;  ///< CPUs
};

/// Thread-safe. An id never comes to mean another cgroup, and cgroups are not renamed: what was once read stays true.
class CgroupNames {
 public:
  using Containers = std::unordered_map<std::uint64_t, ContainerCgroup>;

  explicit CgroupNames(const CgroupTree& tree) : tree_(tree) {}

  /// The containers by cgroup id. The directories are read again when the list has a running container that is not
  /// known, but not more often than every two seconds. `list` may be null.
  [[nodiscard]] Containers containers(const PodList* list, TimePoint now);

  /// The path of record `i`; empty when it has gone. `parents` are the view's.
  [[nodiscard]] std::string path(const TreeView& view, const std::vector<std::size_t>& parents, std::size_t i);

 private:
  struct Leaf {
    std::string container_id;
    Cgroup cgroup;
  };
  void read_pods(TimePoint now);
  [[nodiscard]] std::string find(const std::string& parent, CgroupId id);

  const CgroupTree& tree_;
  std::mutex mutex_;
  std::vector<Leaf> leaves_;
  std::unordered_set<std::string> known_;  ///< container ids in leaves_
  std::optional<TimePoint> read_at_;
  std::unordered_map<std::uint64_t, std::string> paths_;
};

}  // namespace mus
