// SPDX-License-Identifier: Apache-2.0
#include "daemon/service.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "daemon/refusal.hpp"

namespace mus {

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

std::vector<Boost> MusService::boosts() {
  const Lock lock(mutex_);
  const auto now = options_.now();
  auto shown = show_all(desired_, reaches_, force(), now);
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
