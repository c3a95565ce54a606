// SPDX-License-Identifier: Apache-2.0
// The node's cgroup v2 tree and /proc, below injected roots. Read only: we never write a cgroup file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mus/result.hpp"
#include "mus/types.hpp"

namespace mus {

/// What a container's or pod's directory said about whose it is.
struct PodCgroup {
  std::string pod_uid;  ///< dashes restored; a static pod's 32 hex digits as they are
  Cgroup cgroup;
  struct Leaf {
    std::string container_id;
    Cgroup cgroup;
  };
  std::vector<Leaf> containers;  ///< sandboxes included: their id is in no pod list
};

/// A directory on the way to a cgroup, as its own files say.
struct CgroupLevel {
  Cgroup cgroup;
  std::optional<std::uint32_t> weight{};  ///< cpu.weight, 0 with cpu.idle; none: the cpu controller is off here
  bool idle = false;                      ///< cpu.idle
  double limit = 0;                       ///< CPUs, cpu.max's quota over its period; 0: no limit
};

/// Thread-safe (holds no mutable state but its roots).
class CgroupTree {
 public:
  virtual ~CgroupTree() = default;

  /// One walk over all pods' directories, whatever driver and runtime made them.
  [[nodiscard]] virtual Result<std::vector<PodCgroup>> pods() const = 0;

  /// The pod's directory. `uid` or `config_hash` as in Pod; Errc::not_found when there is none (yet).
  [[nodiscard]] virtual Result<Cgroup> pod(const Pod& pod) const = 0;

  /// The container's directory, below its pod's. Checked through /proc when a process of it is visible: the tail of
  /// /proc/<pid>/cgroup must name the same directory; disagreement is tried once more, then Errc::unavailable.
  [[nodiscard]] virtual Result<Cgroup> container(const Pod& pod, const Container& container) const = 0;

  /// A directory named by the operator ("/system.slice/x.service"). Resolved beneath the root: no "..", no links.
  /// invalid_argument for "/", the kubepods root, its QoS slices; not_found when absent.
  [[nodiscard]] virtual Result<Cgroup> path(std::string_view path) const = 0;

  /// A systemd unit's directory (service, scope or slice; the name alone, ".service" is added when there is no type).
  [[nodiscard]] virtual Result<Cgroup> unit(std::string_view name) const = 0;

  /// The cgroup that a process is in; a pid that is reused between two looks is noticed and refused.
  [[nodiscard]] virtual Result<Cgroup> pid(std::int64_t pid) const = 0;

  /// From the child of the root down to the cgroup itself. A file that is not there or that cannot be understood leaves
  /// its field empty. Errc::not_found when the directory has gone, or another has taken its place.
  [[nodiscard]] virtual Result<std::vector<CgroupLevel>> levels(const Cgroup& cgroup) const = 0;

  /// The directories in one, by name; empty when it has gone. With the path "/" those below the root, whatever the id.
  [[nodiscard]] virtual std::vector<Cgroup> children(const Cgroup& parent) const = 0;

  /// The topmost cgroups of the node's own services: systemd's, the kubelet's, the container runtime's and ours, those
  /// that there are; never one of a pod or below. What cannot be read is left out.
  [[nodiscard]] virtual std::vector<CgroupId> node_services() const = 0;

  /// How deep it is in the kernel's own tree (1: a child of the root): what lifted limits are counted by.
  /// Errc::unsupported where the cgroup root is only a part of that tree, so that nobody can tell.
  [[nodiscard]] virtual Result<std::uint32_t> level(const Cgroup& cgroup) const = 0;

  /// Is the directory still there, with the same id?
  [[nodiscard]] virtual bool alive(const Cgroup& cgroup) const = 0;
};

}  // namespace mus
