// SPDX-License-Identifier: Apache-2.0
// What callers change: a boost that is asked for, boosts that are taken back. Desired state is changed through one
// gate, on a copy that is written to disk before it counts.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "core/target_rules.hpp"
#include "daemon/policy_map.hpp"
#include "daemon/refusal.hpp"
#include "daemon/service.hpp"
#include "daemon/text.hpp"
#include "mus/abi.h"
#include "mus/duration.hpp"

namespace mus {
namespace {

using namespace std::chrono_literals;

/// One of those that may wait, for as long as it lives.
class WaitingPlace {
 public:
  WaitingPlace(std::atomic<unsigned>& taken, unsigned most, bool wanted) : taken_(taken), wanted_(wanted) {
    if (wanted_) has_ = taken_.fetch_add(1) < most;
  }
  ~WaitingPlace() {
    if (wanted_) taken_.fetch_sub(1);
  }
  WaitingPlace(const WaitingPlace&) = delete;
  WaitingPlace& operator=(const WaitingPlace&) = delete;
  [[nodiscard]] bool refused() const { return wanted_ && !has_; }

 private:
  std::atomic<unsigned>& taken_;
  const bool wanted_;
  bool has_ = false;
};

}  // namespace

struct MusService::Commission {
  const PrioritizeRequest& request;
  DesiredBoost boost;
  Reach reach;
  std::string note;
  Result<TreeWatch::View> view;
};

Result<void> MusService::check(const PrioritizeRequest& request, const Target& target) const {
  if (auto good = check_weight(request.weight); !good) return good;
  if (request.ttl) {
    if (auto good = check_ttl(*request.ttl); !good) return good;
  }
  if (request.ignore_limit && !options_.allow_ignore_limit) {
    return fail(Errc::forbidden, "limits (cpu.max) may not be lifted on this node",
                "leave out ignore_limit, or run the daemon with --allow-ignore-limit (MUS_ALLOW_IGNORE_LIMIT=true)");
  }
  return check_target(target);
}

ServiceResult<PrioritizeReply> MusService::prioritize(const PrioritizeRequest& request) {
  auto target = normalized(request.target);
  if (auto valid = check(request, target); !valid) return refusal(valid.error());
  const WaitingPlace place(waiting_, kMostWaiting, request.wait.value_or(0ms) > 0ms && !request.dry_run);
  if (place.refused()) {
    return come_again(Errc::rate_limited, std::to_string(kMostWaiting) + " requests wait for their boosts already",
                      "leave out wait=, and look at GET /priorities");
  }
  Commission work{request, {}, {}, {}, {}};
  std::string without_tree;
  {
    const Lock lock(mutex_);
    if (auto ready = check_usable(request.dry_run); !ready) return tl::unexpected(ready.error());
    without_tree = no_tree();
    work.reach.look = ++looks_;
  }
  auto resolved = resolver_.resolve(target, request.ignore_limit ? Limits::lift : Limits::hold);
  if (!resolved) return tl::unexpected(resolved.error());
  if (resolved->pending && request.dry_run) return tl::unexpected(*resolved->pending);
  work.view = look_for_outlook(without_tree);

  if (target.kind == Target::Kind::pid) {  // a process ends; what is kept is where it is
    target.kind = Target::Kind::cgroup;
    target.cgroup = resolved->cgroups.at(0).cgroup.path;
  }
  work.boost.target = std::move(target);
  work.boost.weight = request.weight;
  work.boost.ignore_limit = request.ignore_limit;
  work.boost.ttl = request.ttl;
  work.reach.cgroups = std::move(resolved->cgroups);
  work.reach.ever = !work.reach.cgroups.empty();
  if (resolved->pending) work.reach.pending = resolved->pending->error.message;
  if (work.boost.target.kind == Target::Kind::pod) work.reach.note = resolved->note;
  work.reach.waiting = work.reach.cgroups.empty() || !work.reach.note.empty();
  work.note = std::move(resolved->note);
  return request.dry_run ? only_think(work) : keep(work);
}

// What would stand in the map if this boost acted on that.
WantedPolicies MusService::wanted_with(const DesiredState& next, std::uint64_t number, const Reach& reach) {
  auto reaches = reaches_;
  reaches.insert_or_assign(number, reach);
  return wanted_policies(next, reaches, ruled_policies(ruled_));
}

namespace {

ServiceResult<void> check_room(const WantedPolicies& wanted, const Reach& reach) {
  const bool fits = std::none_of(reach.cgroups.begin(), reach.cgroups.end(), [&](const AppliedCgroup& applied) {
    return wanted.left_out.contains(applied.cgroup.id);
  });
  if (fits) return {};
  return refusal({Errc::capacity,
                  "that would be " + std::to_string(wanted.policies.size() + wanted.left_out.size()) +
                      " boosted cgroups; there is room for " + std::to_string(MUS_MAX_POLICIES),
                  "boost whole pods instead of containers, or take back boosts that are no longer needed"});
}

}  // namespace

ServiceResult<PrioritizeReply> MusService::only_think(Commission& work) {
  Lock lock(mutex_);
  const auto now = options_.now();
  if (auto ready = check_usable(true); !ready) return tl::unexpected(ready.error());
  DesiredState next = desired_;
  if (work.boost.ttl) work.boost.expires = now + *work.boost.ttl;
  const auto put = next.put(work.boost);
  if (!put) return refusal(put.error());
  const auto wanted = wanted_with(next, put->number, work.reach);
  if (auto room = check_room(wanted, work.reach); !room) return tl::unexpected(room.error());
  const auto before = force().map;
  lock.unlock();
  PrioritizeReply reply{
      show(work.boost, work.reach, {wanted.policies, {}, {}}, now), put->replaced, true, work.note, {}};
  reply.boost.id = put->replaced ? boost_id(put->number) : std::string();  // it was not made
  reply.outlook = outlook(work.view, before, wanted.policies, reply.boost.applied);
  return reply;
}

ServiceResult<PrioritizeReply> MusService::keep(Commission& work) {
  PrioritizeReply reply{{}, false, false, work.note, {}};
  Policies before;
  Policies after;
  std::uint64_t number = 0;
  {
    const Gate::Pass pass(changes_, options_.disk_patience);
    if (!pass) return disk_is_slow();
    Lock lock(mutex_);
    if (auto ready = check_usable(false); !ready) return tl::unexpected(ready.error());
    work.boost.since = options_.now();
    if (work.boost.ttl) work.boost.expires = work.boost.since + *work.boost.ttl;
    DesiredState next = desired_;
    const auto put = next.put(work.boost);
    if (!put) return refusal(put.error());
    if (auto room = check_room(wanted_with(next, put->number, work.reach), work.reach); !room) {
      return tl::unexpected(room.error());
    }
    lock.unlock();
    if (auto written = write(next); !written) {
      save_bell_.ring();
      return not_written(written.error());
    }

    // Meanwhile the main loop may have ended boosts: this one is put to what there is now, under the number that is on
    // disk.
    lock.lock();
    number = work.boost.number = put->number;
    reply.replaced = put->replaced;
    const auto desired_before = desired_;
    (void)!desired_.put(work.boost);  // there was room for it, and nobody else adds
    std::optional<Reach> reach_before;
    if (const auto old = reaches_.find(number); old != reaches_.end()) {
      reach_before = old->second;
      work.reach.ever = work.reach.ever || old->second.ever;
    }
    reaches_.insert_or_assign(number, work.reach);
    ++commits_;
    before = force().map;
    if (auto applied = apply_whole(number, desired_before, reach_before); !applied) {
      const auto restored = desired_;
      lock.unlock();
      if (!write(restored)) save_bell_.ring();
      return tl::unexpected(applied.error());
    }
    after = force().map;
    report(EventKind::set, work.boost, nullptr,
           to_text(work.boost.target) + " weight " + std::to_string(work.boost.weight) +
               (work.boost.ttl ? " for " + to_text(*work.boost.ttl) : "") +
               (work.boost.ignore_limit ? ", limits lifted" : "") + (put->replaced ? " (replaced)" : ""));
    reply.boost = show(work.boost, work.reach, force(), work.boost.since);
    for (const auto& applied : reply.boost.applied) report(EventKind::applied, work.boost, &applied, "in force");
    if (!reply.boost.pending.empty()) report(EventKind::pending, work.boost, nullptr, "waits: " + reply.boost.pending);
    if (work.reach.waiting) ask_soon();
    if (work.boost.ttl) save_bell_.ring();  // whose time left is written now and then
    tree_watch_.ask();                      // what the boosted together and the others keep is worked out from the tree
    publish(options_.now());
    settled_.notify_all();
  }
  if (reply.boost.state == Boost::State::pending && work.request.wait) {
    Lock lock(mutex_);
    reply.boost = wait_for(lock, number, std::move(reply.boost), *work.request.wait);
    after = force().map;
  }
  reply.outlook = outlook(work.view, before, after, reply.boost.applied);
  return reply;
}

// All of the map's changes, or none; and then desired state is as it was.
ServiceResult<void> MusService::apply_whole(std::uint64_t number, const DesiredState& before,
                                            const std::optional<Reach>& reach) {
  if (!attachment_.attached()) return {};
  const auto applied = apply_all(scheduler_, wanted_policies(desired_, reaches_, ruled_policies(ruled_)).policies);
  force_.map = policies_of(scheduler_);
  if (applied) force_.trouble.clear();
  // One that has just been taken off comes back, and then finds the boost.
  if (applied || !attachment_.attached()) return {};
  desired_ = before.as_version(desired_.version() + 1);
  if (reach) {
    reaches_.insert_or_assign(number, *reach);
  } else {
    reaches_.erase(number);
  }
  ServiceError error{applied.error(), {}, {}};
  if (error.error.code == Errc::unavailable) error.retry_after = 1s;
  return tl::unexpected(std::move(error));
}

Boost MusService::wait_for(Lock& lock, std::uint64_t number, Boost last, std::chrono::milliseconds time) {
  const auto look = [&] {
    const auto* boost = desired_.find(number);
    if (boost == nullptr) {
      last.state = Boost::State::ended;
      last.applied.clear();
      last.pending = "it was taken back, or was over, before it could be applied";
      return true;
    }
    last = show(*boost, reaches_[number], force(), options_.now());
    return stopping_ || last.state == Boost::State::applied;
  };
  settled_.wait_for(lock, time, look);
  return last;
}

}  // namespace mus
