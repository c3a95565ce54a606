// SPDX-License-Identifier: Apache-2.0
#include "daemon/target_resolver.hpp"

#include <chrono>
#include <utility>

#include "core/resolve.hpp"
#include "core/target_rules.hpp"

namespace mus {
namespace {

using namespace std::chrono_literals;

constexpr auto kRetry = 2s;

tl::unexpected<ServiceError> refuse(Error error) {
  ServiceError refusal{std::move(error), {}, {}};
  if (refusal.error.code == Errc::unavailable) refusal.retry_after = kRetry;
  return tl::unexpected(std::move(refusal));
}

// It is clear what is meant, and it will be found when it is there.
ResolvedTarget not_yet(ServiceError why) {
  ResolvedTarget resolved;
  resolved.pending = std::move(why);
  return resolved;
}

bool is_at_or_below(const std::string& path, const std::string& ancestor) {
  return path == ancestor || path.starts_with(ancestor + "/");
}

}  // namespace

ServiceResult<ResolvedTarget> TargetResolver::resolve(const Target& target, Limits limits) {
  switch (target.kind) {
    case Target::Kind::cgroup:
      return resolve_one(tree_.path(target.cgroup), limits);
    case Target::Kind::unit:
      return resolve_one(tree_.unit(target.unit), limits);
    case Target::Kind::pid: {
      auto resolved = resolve_one(tree_.pid(target.pid), limits);
      if (resolved) {
        resolved->note = "process " + std::to_string(target.pid) + " is in " + resolved->cgroups[0].cgroup.path +
                         ": everything in there is boosted";
      }
      return resolved;
    }
    case Target::Kind::pod:
      break;
  }
  return resolve_pod(target, limits);
}

ServiceResult<ResolvedTarget> TargetResolver::resolve_one(const Result<Cgroup>& found, Limits limits) const {
  if (!found) return refuse(found.error());
  ResolvedTarget resolved;
  resolved.cgroups.push_back({*found, {}, {}, {}, {}});
  if (limits == Limits::hold) return resolved;
  const auto level = tree_.level(*found);
  if (!level) return refuse(level.error());
  resolved.cgroups[0].lifted_from = *level;
  return resolved;
}

// Limits of a pod are on its containers' directories and on its own.
Result<std::uint32_t> TargetResolver::lift_of(const Pod& pod, const Cgroup& cgroup) const {
  const auto directory = tree_.pod(pod);
  if (!directory) return tl::unexpected(directory.error());
  if (!is_at_or_below(cgroup.path, directory->path)) {
    return fail(Errc::unavailable,
                "pod " + pod.ns + "/" + pod.name + " has several directories, and " + cgroup.path +
                    " is not in the one that is in use",
                "ask again in a moment");
  }
  return tree_.level(*directory);
}

ServiceResult<PodListPtr> TargetResolver::list(PodSource::Freshness freshness) {
  auto list = pods_.list(freshness);
  if (list) return std::move(*list);
  Error error = list.error();
  // 401 and 403 of the kubelet are about our credentials, not about the caller's.
  if (error.code == Errc::unauthorized || error.code == Errc::forbidden) error.code = Errc::unavailable;
  return refuse(std::move(error));
}

ServiceResult<ResolvedTarget> TargetResolver::resolve_pod(const Target& target, Limits limits) {
  // A list some seconds old will do for what it knows. That something is missing or unclear, only a fresh one can say.
  std::optional<ResolvedTarget> starting;
  if (const auto cached = list(PodSource::Freshness::cached)) {
    auto resolved = from_list(**cached, target, limits);
    if (resolved && !resolved->pending) return resolved;
    if (!resolved && resolved.error().error.code == Errc::invalid_argument) return resolved;
    if (resolved) starting = std::move(*resolved);
  }
  const auto fresh = list(PodSource::Freshness::fresh);
  if (!fresh) {
    if (starting) return std::move(*starting);
    // Without any source there is nothing to wait for.
    if (!is_fully_named(target) || fresh.error().error.code == Errc::unsupported) return tl::unexpected(fresh.error());
    return not_yet(fresh.error());
  }
  auto resolved = from_list(**fresh, target, limits);
  if (resolved || resolved.error().error.code != Errc::unavailable) return resolved;
  // Nobody can say whether it is there.
  auto unknown = resolved.error();
  unknown.retry_after = kRetry;
  if (!is_fully_named(target)) return tl::unexpected(std::move(unknown));
  return not_yet(std::move(unknown));
}

ServiceResult<ResolvedTarget> TargetResolver::from_list(const PodList& list, const Target& target,
                                                        Limits limits) const {
  const auto matches = mus::resolve(list, target);
  if (!matches) {
    auto refusal = matches.error();
    if (!refusal.retry_after) return tl::unexpected(std::move(refusal));
    return not_yet(std::move(refusal));  // it is starting
  }
  ResolvedTarget resolved;
  std::string missing;
  for (const auto& match : *matches) {
    const auto cgroup = match.container ? tree_.container(match.pod, *match.container) : tree_.pod(match.pod);
    if (cgroup) {
      AppliedCgroup found{*cgroup, match.pod.ns, match.pod.name, match.pod.uid,
                          match.container ? match.container->name : std::string()};
      const auto lift = limits == Limits::lift ? lift_of(match.pod, *cgroup) : Result<std::uint32_t>(0);
      if (lift) {
        found.lifted_from = *lift;
        resolved.cgroups.push_back(std::move(found));
        continue;
      }
      if (lift.error().code != Errc::not_found) return refuse(lift.error());
    } else if (cgroup.error().code != Errc::not_found) {
      return refuse(cgroup.error());
    }
    // The kubelet knows it, the node does not yet, or no longer.
    missing = match.pod.ns + "/" + match.pod.name + (match.container ? "/" + match.container->name : "");
  }
  if (resolved.cgroups.empty()) {
    return not_yet(refuse({Errc::unavailable, missing + " has no cgroup: it is starting, or has just ended",
                           "ask again in a moment"})
                       .value());
  }
  if (!missing.empty()) {
    resolved.note = std::to_string(matches->size() - resolved.cgroups.size()) + " of " +
                    std::to_string(matches->size()) + " matches have no cgroup yet, one is " + missing;
  }
  return resolved;
}

}  // namespace mus
