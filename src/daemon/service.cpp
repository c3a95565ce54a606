// SPDX-License-Identifier: Apache-2.0
#include "daemon/service.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "daemon/refusal.hpp"

namespace mus {
namespace {

using namespace std::chrono_literals;

}  // namespace

MusService::MusService(Scheduler& scheduler, PodSource& pods, const CgroupTree& tree, MusServiceOptions options)
    : scheduler_(scheduler),
      pods_(pods),
      tree_(tree),
      options_(std::move(options)),
      started_(options_.now()),
      resolver_(pods, tree),
      forecaster_(pods, tree),
      rule_book_({options_.rules, options_.signals, options_.events}),
      attachment_(scheduler, {}, options_.refusal),
      next_slow_tick_(started_) {
  publish(started_);
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
      error.error.advice = "ask again when the scheduler is back";
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

// A boost can wait for a scheduler that comes back by itself, and for no other.
ServiceResult<void> MusService::check_usable(bool dry_run) const {
  if (stopping_) return come_again(Errc::unavailable, "the daemon is stopping", "ask again when it is back");
  const auto mode = attachment_.mode();
  const bool comes_back = mode == SchedulerMode::attached || mode == SchedulerMode::fallback;
  return comes_back && !dry_run ? ServiceResult<void>{} : check_attached(options_.now());
}

std::vector<Boost> MusService::boosts() {
  const Lock lock(mutex_);
  const auto now = options_.now();
  auto shown = show_all(desired_, reaches_, force(), now);
  for (auto& ruled : show_ruled(ruled_, force(), now)) shown.push_back(std::move(ruled));
  for (auto& over : ended_.view(now)) shown.push_back(std::move(over));
  return shown;
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
  settle(now);
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
