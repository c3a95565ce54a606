// SPDX-License-Identifier: Apache-2.0
#include "daemon/service.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "daemon/policy_map.hpp"
#include "daemon/refusal.hpp"
#include "daemon/text.hpp"
#include "mus/abi.h"

namespace mus {
namespace {

using namespace std::chrono_literals;

constexpr auto kLongestTtl = std::chrono::hours(24) * 366;

}  // namespace

MusService::MusService(Scheduler& scheduler, PodSource& pods, const CgroupTree& tree, MusServiceOptions options)
    : scheduler_(scheduler),
      pods_(pods),
      tree_(tree),
      options_(std::move(options)),
      started_(options_.now()),
      resolver_(pods, tree),
      forecaster_(pods, tree),
      attachment_(scheduler, {}, options_.refusal),
      next_slow_tick_(started_) {
  publish(started_);
}

Result<void> MusService::check(const PrioritizeRequest& request) const {
  if (request.weight < MUS_WEIGHT_MIN || request.weight > MUS_WEIGHT_MAX) {
    return fail(Errc::invalid_argument, "weight " + std::to_string(request.weight) + " is off the scale",
                "use " + std::to_string(MUS_WEIGHT_MIN) + " to " + std::to_string(MUS_WEIGHT_MAX) +
                    "; 1024 is what a container has anyway");
  }
  if (request.ttl && (*request.ttl <= 0ms || *request.ttl > kLongestTtl)) {
    return fail(Errc::invalid_argument, "the ttl is out of range", "use more than nothing and at most a year");
  }
  if (request.ignore_limit && !options_.allow_ignore_limit) {
    return fail(Errc::forbidden, "limits (cpu.max) may not be lifted on this node",
                "leave out ignore_limit, or run the daemon with --allow-ignore-limit (MUS_ALLOW_IGNORE_LIMIT=true)");
  }
  return {};
}

ServiceResult<void> MusService::check_attached(TimePoint now) const {
  const auto obstacle = attachment_.obstacle();
  if (obstacle.empty()) return {};
  ServiceError error{{Errc::unavailable, obstacle, {}}, {}, {}};
  switch (attachment_.mode()) {
    case SchedulerMode::attached:
      error.retry_after = 1s;
      break;
    case SchedulerMode::fallback:
      error.retry_after = std::max(std::chrono::ceil<std::chrono::seconds>(
                                       attachment_.next_attempt_in(now).value_or(std::chrono::milliseconds{0})),
                                   std::chrono::seconds{1});
      error.error.advice = "nothing is kept: ask again when the scheduler is back";
      break;
    case SchedulerMode::stopped:
      error.error.advice = "it is not tried again by itself: POST /attach, or restart mus-scheduler";
      break;
    case SchedulerMode::unsupported:
      error.error.advice = "run `mus-scheduler check` on the node: it says what to do";
      break;
  }
  return tl::unexpected(std::move(error));
}

ServiceResult<PrioritizeReply> MusService::prioritize(const PrioritizeRequest& request) {
  if (auto valid = check(request); !valid) return refusal(valid.error());
  const auto target = normalized(request.target);
  std::string without_tree;
  {
    const Lock lock(mutex_);
    if (auto ready = check_attached(options_.now()); !ready) return tl::unexpected(ready.error());
    without_tree = no_tree();
  }
  auto resolved = resolver_.resolve(target, request.ignore_limit ? Limits::lift : Limits::hold);
  if (!resolved) return tl::unexpected(resolved.error());
  const auto view = look_for_outlook(without_tree);

  Lock lock(mutex_);
  const auto now = options_.now();
  if (auto ready = check_attached(now); !ready) return tl::unexpected(ready.error());
  BoostTable next = table_;
  auto put = next.put(target, request.weight, request.ttl, std::move(resolved->cgroups), now, request.ignore_limit);
  if (!put) return refusal(put.error());
  const auto before = table_.policies();
  const auto wanted = next.policies();
  if (wanted.size() > MUS_MAX_POLICIES) {
    return refusal({Errc::capacity,
                    "that would be " + std::to_string(wanted.size()) + " boosted cgroups; there is room for " +
                        std::to_string(MUS_MAX_POLICIES),
                    "boost whole pods instead of containers, or take back boosts that are no longer needed"});
  }
  PrioritizeReply reply{*next.view(put->id, now), put->replaced, request.dry_run, std::move(resolved->note), {}};
  if (request.dry_run) {
    if (!put->replaced) reply.boost.id.clear();  // it was not made
    lock.unlock();
    reply.outlook = outlook(view, before, wanted, reply.boost.applied);
    return reply;
  }
  if (auto applied = apply_all(scheduler_, wanted); !applied) {
    ServiceError error{applied.error(), {}, {}};
    if (error.error.code == Errc::unavailable) error.retry_after = 1s;
    return tl::unexpected(std::move(error));
  }
  tree_watch_.ask();  // what the boosted together and the others keep is worked out from the tree
  table_ = std::move(next);
  spdlog::info("boost {}: {} weight {}{}{} on {} cgroup(s){}", put->id, to_text(target), request.weight,
               request.ttl ? " for " + std::to_string(request.ttl->count()) + " ms" : "",
               request.ignore_limit ? ", limits lifted," : "", reply.boost.applied.size(),
               put->replaced ? " (replaced)" : "");
  publish(now);
  lock.unlock();
  reply.outlook = outlook(view, before, wanted, reply.boost.applied);
  return reply;
}

std::vector<Boost> MusService::remove_all(const std::vector<Boost>& shown, const std::vector<std::string>& ids,
                                          const char* why) {
  std::vector<Boost> removed;
  for (const auto& boost : shown) {
    if (std::find(ids.begin(), ids.end(), boost.id) == ids.end()) continue;
    spdlog::info("boost {}: {} {}", boost.id, to_text(boost.target), why);
    removed.push_back(boost);
  }
  if (!removed.empty()) {
    reconcile();
    tree_watch_.ask();
    publish(options_.now());
  }
  return removed;
}

ServiceResult<std::vector<Boost>> MusService::reset(const Target& target) {
  const auto wanted = normalized(target);
  const Lock lock(mutex_);
  const auto shown = table_.view(options_.now(), attachment_.obstacle());
  auto removed = remove_all(shown, table_.reset(wanted), "taken back");
  if (removed.empty()) {
    return refusal({Errc::not_found, "no boost matches " + to_text(wanted), "GET /priorities lists the boosts"});
  }
  return removed;
}

std::vector<Boost> MusService::reset_all() {
  const Lock lock(mutex_);
  const auto shown = table_.view(options_.now(), attachment_.obstacle());
  return remove_all(shown, table_.clear(), "taken back");
}

std::vector<Boost> MusService::boosts() {
  const Lock lock(mutex_);
  return table_.view(options_.now(), attachment_.obstacle());
}

ServiceResult<void> MusService::detach() {
  const Lock lock(mutex_);
  if (!stopping_) {
    attachment_.detach("detached by request");
    spdlog::info("the scheduler is detached by request");
    publish(options_.now());
  }
  return {};
}

ServiceResult<void> MusService::attach() {
  const Lock lock(mutex_);
  if (stopping_) return refusal({Errc::unavailable, "the daemon is stopping", "start it again first"});
  const auto now = options_.now();
  const auto done = attachment_.arm(now);
  reconcile();
  publish(now);
  if (done) return {};
  ServiceError error{done.error(), {}, {}};
  if (const auto next = attachment_.next_attempt_in(now))
    error.retry_after = std::chrono::ceil<std::chrono::seconds>(*next);
  return tl::unexpected(std::move(error));
}

std::shared_ptr<const StatusSnapshot> MusService::status() {
  const Lock lock(snapshot_mutex_);
  return snapshot_;
}

}  // namespace mus
