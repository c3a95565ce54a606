// SPDX-License-Identifier: Apache-2.0
#include "daemon/target_resolver.hpp"

#include <chrono>
#include <utility>

#include "core/resolve.hpp"

namespace mus {
namespace {

using namespace std::chrono_literals;

constexpr auto kRetry = 2s;

tl::unexpected<ServiceError> refuse(Error error) {
  ServiceError refusal{std::move(error), {}, {}};
  if (refusal.error.code == Errc::unavailable) refusal.retry_after = kRetry;
  return tl::unexpected(std::move(refusal));
}

ServiceResult<ResolvedTarget> one(const Result<Cgroup>& found) {
  if (!found) return refuse(found.error());
  ResolvedTarget resolved;
  resolved.cgroups.push_back({*found, {}, {}, {}, {}, 0});
  return resolved;
}

}  // namespace

ServiceResult<ResolvedTarget> TargetResolver::resolve(const Target& target) {
  switch (target.kind) {
    case Target::Kind::cgroup:
      return one(tree_.path(target.cgroup));
    case Target::Kind::unit:
      return one(tree_.unit(target.unit));
    case Target::Kind::pid: {
      auto resolved = one(tree_.pid(target.pid));
      if (resolved) {
        resolved->note = "process " + std::to_string(target.pid) + " is in " + resolved->cgroups[0].cgroup.path +
                         ": everything in there is boosted";
      }
      return resolved;
    }
    case Target::Kind::pod:
      break;
  }
  return resolve_pod(target);
}

ServiceResult<PodList> TargetResolver::list(PodSource::Freshness freshness) {
  auto list = pods_.list(freshness);
  if (list) return std::move(*list);
  Error error = list.error();
  // 401 and 403 of the kubelet are about our credentials, not about the caller's.
  if (error.code == Errc::unauthorized || error.code == Errc::forbidden) error.code = Errc::unavailable;
  return refuse(std::move(error));
}

ServiceResult<ResolvedTarget> TargetResolver::resolve_pod(const Target& target) {
  // A list some seconds old will do for what it knows. That something is missing or unclear, only a fresh one can say.
  if (const auto cached = list(PodSource::Freshness::cached)) {
    auto resolved = from_list(*cached, target);
    if (resolved || resolved.error().error.code == Errc::invalid_argument) return resolved;
  }
  const auto fresh = list(PodSource::Freshness::fresh);
  if (!fresh) return tl::unexpected(fresh.error());
  return from_list(*fresh, target);
}

ServiceResult<ResolvedTarget> TargetResolver::from_list(const PodList& list, const Target& target) const {
  const auto matches = mus::resolve(list, target);
  if (!matches) {
    auto refusal = matches.error();
    if (refusal.error.code == Errc::unavailable && !refusal.retry_after) refusal.retry_after = kRetry;
    return tl::unexpected(std::move(refusal));
  }
  ResolvedTarget resolved;
  std::string missing;
  for (const auto& match : *matches) {
    const auto cgroup = match.container ? tree_.container(match.pod, *match.container) : tree_.pod(match.pod);
    if (cgroup) {
      resolved.cgroups.push_back({*cgroup, match.pod.ns, match.pod.name, match.pod.uid,
                                  match.container ? match.container->name : std::string(), 0});
      continue;
    }
    // The kubelet knows it, the node does not yet, or no longer.
    if (cgroup.error().code != Errc::not_found) return refuse(cgroup.error());
    missing = match.pod.ns + "/" + match.pod.name + (match.container ? "/" + match.container->name : "");
  }
  if (resolved.cgroups.empty()) {
    return refuse(
        {Errc::unavailable, missing + " has no cgroup: it is starting, or has just ended", "ask again in a moment"});
  }
  if (!missing.empty()) {
    resolved.note = std::to_string(matches->size() - resolved.cgroups.size()) + " of " +
                    std::to_string(matches->size()) + " matches have no cgroup yet, one is " + missing;
  }
  return resolved;
}

}  // namespace mus
