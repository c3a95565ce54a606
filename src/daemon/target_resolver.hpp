// SPDX-License-Identifier: Apache-2.0
// From what a caller named to directories in the cgroup tree. May wait for the kubelet: never called under a lock.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mus/cgroup_tree.hpp"
#include "mus/pod_source.hpp"
#include "mus/service.hpp"

namespace mus {

/// Are the cgroups' limits to be lifted? Then it is also looked up from which level.
enum class Limits { hold, lift };

struct ResolvedTarget {
  std::vector<AppliedCgroup> cgroups;  ///< without weights
  std::string note;
  /// Why there are none although it is clear what is meant: it is starting, or nobody can be asked who knows it. As the
  /// refusal of whoever cannot wait.
  std::optional<ServiceError> pending{};
};

class TargetResolver {
 public:
  TargetResolver(PodSource& pods, const CgroupTree& tree) : pods_(pods), tree_(tree) {}

  /// `target` is normalized.
  ServiceResult<ResolvedTarget> resolve(const Target& target, Limits limits = Limits::hold);

  /// The pod list, with the source's refusals put in our own words.
  ServiceResult<PodListPtr> list(PodSource::Freshness freshness);

 private:
  ServiceResult<ResolvedTarget> resolve_one(const Result<Cgroup>& found, Limits limits) const;
  ServiceResult<ResolvedTarget> resolve_pod(const Target& target, Limits limits);
  ServiceResult<ResolvedTarget> from_list(const PodList& list, const Target& target, Limits limits) const;
  [[nodiscard]] Result<std::uint32_t> lift_of(const Pod& pod, const Cgroup& cgroup) const;

  PodSource& pods_;
  const CgroupTree& tree_;
};

}  // namespace mus
