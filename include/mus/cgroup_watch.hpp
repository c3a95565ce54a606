// SPDX-License-Identifier: Apache-2.0
// Directories of the cgroup tree that come and go, told as it happens: a container's that was just made, one that has
// ended. The kernel wakes us; nothing is polled.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mus/result.hpp"
#include "mus/types.hpp"

namespace mus {

/// A directory that is there: a pod's, a container's, or one that was asked for.
struct CgroupMade {
  Cgroup cgroup;
  std::string pod_uid;       ///< as in PodCgroup; empty for what belongs to no pod
  std::string container_id;  ///< as in PodCgroup, sandboxes included; empty for a pod's own directory

  bool operator==(const CgroupMade&) const = default;
};

/// What has changed since it was last told. Ids are never used twice, so `gone` can always be dealt with first.
struct CgroupNews {
  std::vector<Cgroup> gone;      ///< with the id that `made` (or the caller) had said
  std::vector<CgroupMade> made;  ///< pods before their containers
  bool overflow = false;         ///< the kernel dropped events. What they were about is in the news all the same, but
                                 ///< the caller should make its own full walk now

  [[nodiscard]] bool empty() const { return gone.empty() && made.empty() && !overflow; }
};

struct CgroupWatchState {
  std::size_t directories = 0;  ///< in which pods, containers or others can appear
  std::size_t watched = 0;      ///< of these; the others are looked at by refresh() alone
  std::uint64_t overflows = 0;
  std::optional<Error> trouble;  ///< why not all are watched; none: they are
};

/// Watches where pods and containers can appear, whatever driver and runtime makes them: the kubepods roots, their QoS
/// directories, each pod's, and what is above them. Nothing that a container makes below its own directory counts.
/// A kubelet's tree that first appears in some other place is found by refresh(). Thread-safe; never waits.
class CgroupWatch {
 public:
  virtual ~CgroupWatch() = default;

  /// Readable when read() has something to say; -1: nothing can be watched here, refresh() is all there is.
  [[nodiscard]] virtual int fd() const = 0;

  /// What the kernel has told since the last call. May be empty. When there is very much of it, a part: fd() stays
  /// readable.
  [[nodiscard]] virtual CgroupNews read() = 0;

  /// Looks at everything again and tells what differs from what was told; the first call tells all that there is. For
  /// the start and, every half a minute or so, for what no event told: limits of the kernel, a new place of a kubelet.
  [[nodiscard]] virtual CgroupNews refresh() = 0;

  /// Other directories whose coming and going matters: those with boosts that are no pod's. They replace the ones
  /// given before. Each is a path with the id that the caller believes it to have; 0: it is not there yet. What is
  /// otherwise already is in the answer. Pods and containers may be among them; paths that no cgroup can have are
  /// left out.
  [[nodiscard]] virtual CgroupNews also_watch(const std::vector<Cgroup>& cgroups) = 0;

  [[nodiscard]] virtual CgroupWatchState state() const = 0;
};

}  // namespace mus
