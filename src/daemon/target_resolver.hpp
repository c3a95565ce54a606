// SPDX-License-Identifier: Apache-2.0
// From what a caller named to directories in the cgroup tree. May wait for the kubelet: never called under a lock.
#pragma once

#include <string>
#include <vector>

#include "mus/cgroup_tree.hpp"
#include "mus/pod_source.hpp"
#include "mus/service.hpp"

namespace mus {

struct ResolvedTarget {
  std::vector<AppliedCgroup> cgroups;  ///< without weights
  std::string note;
};

class TargetResolver {
 public:
  TargetResolver(PodSource& pods, const CgroupTree& tree) : pods_(pods), tree_(tree) {}

  /// `target` is normalized.
  ServiceResult<ResolvedTarget> resolve(const Target& target);

  /// The pod list, with the source's refusals put in our own words.
  ServiceResult<PodList> list(PodSource::Freshness freshness);

 private:
  ServiceResult<ResolvedTarget> resolve_pod(const Target& target);
  ServiceResult<ResolvedTarget> from_list(const PodList& list, const Target& target) const;

  PodSource& pods_;
  const CgroupTree& tree_;
};

}  // namespace mus
