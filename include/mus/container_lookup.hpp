// SPDX-License-Identifier: Apache-2.0
// Whose is a container that the cgroup tree has just shown, and that no pod list knows yet?
#pragma once

#include <string>
#include <string_view>

#include "mus/result.hpp"

namespace mus {

struct ContainerIdentity {
  std::string id;         ///< the runtime's, as in Container::id and PodCgroup::Leaf
  std::string ns;         ///< of the pod, as are the next two
  std::string pod;        ///< its name
  std::string uid;        ///< as in Pod::uid and PodCgroup::pod_uid; a static pod's config hash
  std::string container;  ///< its name; empty for a sandbox
  bool sandbox = false;   ///< the pod's own container ("pause"): there is one in each pod, and no pod list has it

  bool operator==(const ContainerIdentity&) const = default;
};

/// Thread-safe.
class ContainerLookup {
 public:
  virtual ~ContainerLookup() = default;
  /// From what the runtime has written about this one container before it made the cgroup: one small file, no network.
  /// Errc::not_found: nothing is known of it here (a runtime that leaves no such file, or already gone);
  /// io: the file cannot be read; protocol: it is damaged or contradicts itself; invalid_argument: this is no id.
  [[nodiscard]] virtual Result<ContainerIdentity> identify(std::string_view container_id) const = 0;
};

}  // namespace mus
