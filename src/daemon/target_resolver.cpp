// SPDX-License-Identifier: Apache-2.0
#include "daemon/target_resolver.hpp"

#include <chrono>
#include <utility>

namespace mus {
namespace {

using namespace std::chrono_literals;

tl::unexpected<ServiceError> refuse(Error error) {
  ServiceError refusal{std::move(error), {}, {}};
  if (refusal.error.code == Errc::unavailable) refusal.retry_after = 2s;
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
    case Target::Kind::cgroup: return one(tree_.path(target.cgroup));
    case Target::Kind::unit: return one(tree_.unit(target.unit));
    case Target::Kind::pid: {
      auto resolved = one(tree_.pid(target.pid));
      if (resolved) {
        resolved->note = "process " + std::to_string(target.pid) + " is in " + resolved->cgroups[0].cgroup.path +
                         ": everything in there is boosted";
      }
      return resolved;
    }
    case Target::Kind::pod: break;
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
    if (auto resolved = from_list(*cached, target)) return resolved;
  }
  const auto fresh = list(PodSource::Freshness::fresh);
  if (!fresh) return tl::unexpected(fresh.error());
  return from_list(*fresh, target);
}

ServiceResult<ResolvedTarget> TargetResolver::from_list(const PodList& /*list*/, const Target& /*target*/) const {
  return refuse({Errc::unavailable, "pods cannot be resolved yet", ""});
}

}  // namespace mus
