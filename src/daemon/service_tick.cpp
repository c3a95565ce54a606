// SPDX-License-Identifier: Apache-2.0
// What the service does by itself, from the main loop.
#include <spdlog/spdlog.h>

#include "daemon/service.hpp"

namespace mus {
namespace {

using namespace std::chrono_literals;

constexpr auto kSlowTick = 1s;
constexpr unsigned kFailedReadsAllowed = 5;  // one a second

}  // namespace

Result<void> MusService::start() {
  Result<void> done;
  {
    const Lock lock(mutex_);
    restore();
    const auto now = options_.now();
    done = attachment_.arm(now);
    read_stats();
    publish(now);
  }
  look_again({});  // boosts that are no pod's need nobody to be asked
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
    const bool over = desired_.any_expired(now);
    if (again || over) settle(now);
    if (again && desired_.size() != 0) spdlog::info("{} boost(s) are in force again", desired_.size());
    if (again || over || was_attached != (attachment_.mode() == SchedulerMode::attached)) publish(now);
    slow = now >= next_slow_tick_;
  }
  if (!slow) return;

  // Little to do as a rule: the tree is walked only where something has changed.
  const bool gone = any_gone();
  look_again({gone || is_list_new(), gone || any_place_missing()});
  const Lock lock(mutex_);
  next_slow_tick_ = now + kSlowTick;
  if (gone && any_unsettled()) ask_soon();
  settle(now);
  read_stats();
  publish(options_.now());
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
  settled_.notify_all();
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
  const auto age_of = [now](const PodSourceState& source) -> std::optional<std::chrono::milliseconds> {
    if (!source.last_success) return std::nullopt;
    return std::chrono::duration_cast<std::chrono::milliseconds>(now - *source.last_success);
  };
  status->pods = pods_.state();
  status->pods_age = age_of(status->pods);
  for (auto& source : pods_.states()) {
    const auto age = age_of(source);
    status->sources.push_back({std::move(source), age});
  }
  status->boosts = show_all(desired_, reaches_, force(), now);
  for (auto& ruled : show_ruled(ruled_, force(), now)) status->boosts.push_back(std::move(ruled));
  status->rules = rule_book_.snapshot();
  if (options_.store != nullptr) {
    status->state_file = {options_.store->path(), desired_.version(), set_aside_};
    auto& trouble = status->state_file.trouble;
    if (!write_trouble_.empty()) trouble += (trouble.empty() ? "" : "; ") + write_trouble_;
  }
  status->uptime = std::chrono::duration_cast<std::chrono::seconds>(now - started_);
  const Lock lock(snapshot_mutex_);
  // Who divides CPU time sleeps while there is none to divide, and while nobody has to wait for the present scheduler.
  if (!snapshot_ || snapshot_->mode != status->mode || snapshot_->attaches != status->attaches) tree_watch_.ask();
  snapshot_ = std::move(status);
}

}  // namespace mus
