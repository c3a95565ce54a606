// SPDX-License-Identifier: Apache-2.0
// Desired state on disk, and in the scheduler's map.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <utility>

#include "daemon/policy_map.hpp"
#include "daemon/service.hpp"
#include "daemon/text.hpp"

namespace mus {
namespace {

using namespace std::chrono_literals;

// Of boosts that end: how much of their time a power failure together with a clock that is set back can give back.
constexpr auto kSavePeriod = 60s;
constexpr auto kSaveRetry = 30s;

bool any_ends(const DesiredState& desired) {
  return std::any_of(desired.boosts().begin(), desired.boosts().end(),
                     [](const DesiredBoost& boost) { return boost.expires.has_value(); });
}

std::set<CgroupId> ids_of(const Reach& reach) {
  std::set<CgroupId> ids;
  for (const auto& applied : reach.cgroups) ids.insert(applied.cgroup.id);
  return ids;
}

}  // namespace

void MusService::restore() {
  if (options_.store == nullptr) return;
  auto loaded = options_.store->load();
  const auto now = options_.now();
  if (!loaded.trouble.empty()) {
    spdlog::error("{}", loaded.trouble);
    if (options_.events != nullptr) options_.events->add(EventKind::degraded, {}, loaded.trouble);
    set_aside_ = std::move(loaded.trouble);
  }
  if (!loaded.state) {
    saved_version_ = desired_.version();
    return;
  }
  auto restored = mus::restore(*loaded.state, options_.calendar(), now);
  desired_ = std::move(restored.desired);
  spdlog::info("{} boost(s) from before; the daemon was away for {} s, {}", desired_.size(),
               std::chrono::duration_cast<std::chrono::seconds>(restored.away.time).count(), restored.away.how);
  if (restored.away.odd)
    spdlog::warn("boosts with an end go on from when they were last written: {}", restored.away.how);
  if (!options_.declarations.on()) drop_declared();
  for (const auto& [boost, ending] : restored.ended) {
    report(EventKind::expired, boost, nullptr, to_text(boost.target) + " has ended: " + ending.why);
    ended_.add(show(boost, {}, force(), now), true, ending.why, now);
  }
}

// The daemon was started without leave for them.
void MusService::drop_declared() {
  BoostNumbers numbers;
  for (const auto& boost : desired_.boosts()) {
    if (!boost.declared) continue;
    numbers.push_back(boost.number);
    report(EventKind::removed, boost, nullptr, to_text(boost.target) + " has ended: pods may declare nothing any more");
  }
  desired_.erase(numbers);
  if (!numbers.empty()) save_bell_.ring();
}

// With a pass of changes_, and without the lock. What is on disk after a failure may be the one or the other: it is
// written again later.
Result<void> MusService::write(const DesiredState& desired) {
  if (options_.store == nullptr) return {};
  auto done = options_.store->save(to_saved(desired, options_.calendar(), options_.now()));
  const Lock lock(mutex_);
  if (done) {
    if (!write_trouble_.empty()) {
      spdlog::info("{} can be written again", options_.store->path());
      if (options_.events != nullptr) options_.events->add(EventKind::recovered, {}, "boosts are kept again");
    }
    saved_version_ = desired.version();
    saved_at_ = options_.now();
    write_trouble_.clear();
    return done;
  }
  if (write_trouble_ != done.error().message) {
    spdlog::error("{}", done.error().message);
    if (options_.events != nullptr) options_.events->add(EventKind::degraded, {}, done.error().message);
  }
  saved_version_.reset();
  write_trouble_ = done.error().message;
  return done;
}

std::optional<std::chrono::milliseconds> MusService::save() {
  if (options_.store == nullptr) return std::nullopt;
  const Gate::Pass pass(changes_, options_.disk_patience);
  if (!pass) return 1s;
  DesiredState desired;
  {
    const Lock lock(mutex_);
    if (saved_version_ == desired_.version()) {
      if (!any_ends(desired_)) return std::nullopt;
      const auto age = std::chrono::ceil<std::chrono::milliseconds>(options_.now() - saved_at_);
      if (age < kSavePeriod) return kSavePeriod - age;
    }
    desired = desired_;
  }
  if (!write(desired)) return kSaveRetry;
  return any_ends(desired) ? std::optional<std::chrono::milliseconds>(kSavePeriod) : std::nullopt;
}

const InForce& MusService::force() {
  force_.obstacle = attachment_.obstacle();
  return force_;
}

// Under the lock, as all that follow.
void MusService::settle(TimePoint now) {
  commit(reconcile(desired_, reaches_, nullptr, policies_of(scheduler_), now, ruled_policies(ruled_)), now);
}

void MusService::commit(Reconciled result, TimePoint now) {
  ++commits_;
  BoostNumbers over;
  for (const auto& ending : result.endings) {
    const auto* boost = desired_.find(ending.number);
    if (!(ending.expired && boost->declared)) over.push_back(ending.number);
    report(ending.expired ? EventKind::expired : EventKind::removed, *boost, nullptr,
           to_text(boost->target) + " has ended: " + ending.why);
    ended_.add(show(*boost, reaches_[ending.number], force(), now), ending.expired, ending.why, now);
  }
  for (const auto& ending : result.endings) {
    if (ending.expired) desired_.spend(ending.number);  // those that are to be known on
  }
  desired_.erase(over);
  report_moves(result.reaches);
  reaches_ = std::move(result.reaches);
  if (!result.changes.empty() || !result.endings.empty()) tree_watch_.ask();
  bring_into_force(result.changes);
  if (!result.endings.empty()) save_bell_.ring();
  settled_.notify_all();
}

// Desired state is agreed: what cannot be applied now is tried again at the next tick.
void MusService::bring_into_force(const std::vector<PolicyChange>& changes) {
  if (!attachment_.attached()) return;
  const auto done = apply_possible(scheduler_, changes);
  force_.map = policies_of(scheduler_);
  std::string trouble;
  if (!done && done.error().code != Errc::unavailable) trouble = "it cannot be applied: " + done.error().message;
  if (trouble != force_.trouble && !trouble.empty()) spdlog::error("a boost waits: {}", trouble);
  force_.trouble = std::move(trouble);
}

void MusService::report(EventKind kind, const DesiredBoost& boost, const AppliedCgroup* applied,
                        const std::string& what) const {
  spdlog::info("boost {}: {}{}{}", boost_id(boost.number), what, applied == nullptr ? "" : ": ",
               applied == nullptr ? "" : applied->cgroup.path);
  if (options_.events == nullptr) return;
  EventSubject subject;
  subject.boost = boost_id(boost.number);
  if (applied != nullptr) {
    subject.ns = applied->ns;
    subject.pod = applied->pod;
    subject.uid = applied->uid;
    subject.container = applied->container;
    subject.cgroup = applied->cgroup;
  } else {
    subject.ns = boost.target.ns;
    subject.pod = boost.target.pod;
    subject.uid = boost.target.uid;
    subject.container = boost.target.container;
  }
  options_.events->add(kind, std::move(subject), what);
}

void MusService::report_moves(const Reaches& after) {
  static const Reach nothing;
  for (const auto& boost : desired_.boosts()) {
    const auto was = reaches_.find(boost.number);
    const auto is = after.find(boost.number);
    const auto& from = was == reaches_.end() ? nothing : was->second;
    const auto& to = is == after.end() ? nothing : is->second;
    if (from.look == to.look) continue;  // nobody has looked since
    const auto before = ids_of(from);
    const auto now = ids_of(to);
    for (const auto& applied : from.cgroups) {
      if (!now.contains(applied.cgroup.id)) report(EventKind::lost, boost, &applied, "has lost a cgroup");
    }
    for (const auto& applied : to.cgroups) {
      if (before.contains(applied.cgroup.id)) continue;
      report(from.ever ? EventKind::restored : EventKind::applied, boost, &applied,
             from.ever ? "acts on another cgroup now" : "acts on a cgroup now");
    }
    if (to.cgroups.empty() && to.pending != from.pending)
      report(EventKind::pending, boost, nullptr, "waits: " + to.pending);
  }
}

}  // namespace mus
