// SPDX-License-Identifier: Apache-2.0
// What the service does by itself, from the main loop.
#include <spdlog/spdlog.h>

#include "daemon/policy_map.hpp"
#include "daemon/service.hpp"

namespace mus {
namespace {

using namespace std::chrono_literals;

constexpr auto kSlowTick = 1s;
constexpr unsigned kFailedReadsAllowed = 5;  // one a second

}  // namespace

Result<void> MusService::start() {
  const Lock lock(mutex_);
  const auto now = options_.now();
  auto done = attachment_.arm(now);
  read_stats();
  publish(now);
  return done;
}

void MusService::tick() {
  const auto now = options_.now();
  bool slow = false;
  {
    const Lock lock(mutex_);
    if (stopping_) return;
    const bool was_attached = attachment_.mode() == SchedulerMode::attached;
    const bool again = attachment_.poll(now);
    if (again) {
      reconcile();
      if (table_.size() != 0) spdlog::info("{} boost(s) are in force again", table_.size());
    }
    if (table_.any_expired(now)) {
      const auto shown = table_.view(now, attachment_.obstacle());
      remove_all(shown, table_.expire(now), "has ended");
    }
    if (again || was_attached != (attachment_.mode() == SchedulerMode::attached)) publish(now);
    slow = now >= next_slow_tick_;
  }
  if (!slow) return;

  forget_gone();
  const Lock lock(mutex_);
  next_slow_tick_ = now + kSlowTick;
  reconcile();
  read_stats();
  publish(options_.now());
}

// Looks at the directories without the lock: only this thread drops them, and an id is never used twice.
void MusService::forget_gone() {
  std::vector<Cgroup> known;
  {
    const Lock lock(mutex_);
    known = table_.cgroups();
  }
  std::vector<CgroupId> gone;
  for (const auto& cgroup : known) {
    if (tree_.alive(cgroup)) continue;
    gone.push_back(cgroup.id);
    spdlog::info("cgroup {} is gone", cgroup.path);
  }
  if (gone.empty()) return;
  const Lock lock(mutex_);
  table_.forget(gone);
}

void MusService::follow(const CgroupNews& news) {
  const Lock lock(mutex_);
  const auto boosted = table_.policies();
  std::vector<CgroupId> gone;
  for (const auto& cgroup : news.gone) {
    if (!boosted.contains(cgroup.id)) continue;
    gone.push_back(cgroup.id);
    spdlog::info("cgroup {} is gone", cgroup.path);
  }
  if (gone.empty()) return;
  table_.forget(gone);
  reconcile();
  publish(options_.now());
}

// Desired state is agreed: what cannot be applied now is tried again at the next tick.
void MusService::reconcile() {
  if (!attachment_.attached()) return;
  const auto done = apply_possible(scheduler_, table_.policies());
  if (!done && done.error().code != Errc::unavailable)
    spdlog::error("a boost cannot be applied: {}", done.error().message);
}

void MusService::read_stats() {
  if (!attachment_.attached()) {
    failed_reads_ = 0;
    return;
  }
  auto stats = scheduler_.stats();
  if (stats) {
    stats_ = std::move(*stats);
    limits_.update(stats_.limits);
    failed_reads_ = 0;
  } else if (++failed_reads_ == 1) {
    spdlog::error("the scheduler's counters cannot be read: {}", stats.error().message);
  }
}

void MusService::stop() {
  const Lock lock(mutex_);
  stopping_ = true;
  attachment_.detach("the daemon is stopping");
  publish(options_.now());
}

std::shared_ptr<CgroupShares> MusService::shares() const {
  const Lock lock(mutex_);
  return scheduler_.shares();
}

bool MusService::healthy() const {
  const Lock lock(mutex_);
  return failed_reads_ < kFailedReadsAllowed;
}

// Readers of /status, /metrics and /readyz see this and wait for nobody.
void MusService::publish(TimePoint now) {
  auto status = std::make_shared<StatusSnapshot>();
  attachment_.describe(*status, now);
  status->dry_run = options_.dry_run;
  status->kernel = options_.kernel;
  status->options = options_.scheduler;
  status->stats = stats_;
  status->enforced = options_.enforced;
  status->limits = limits_.totals();
  status->pods = pods_.state();
  if (status->pods.last_success) {
    status->pods_age = std::chrono::duration_cast<std::chrono::milliseconds>(now - *status->pods.last_success);
  }
  status->boosts = table_.view(now, attachment_.obstacle());
  status->uptime = std::chrono::duration_cast<std::chrono::seconds>(now - started_);
  const Lock lock(snapshot_mutex_);
  snapshot_ = std::move(status);
}

}  // namespace mus
