// SPDX-License-Identifier: Apache-2.0
// Boosts that are taken back: from desired state alone, whoever is away.
#include <utility>

#include "daemon/refusal.hpp"
#include "daemon/service.hpp"
#include "daemon/text.hpp"

namespace mus {

ServiceResult<std::vector<Boost>> MusService::remove(const std::function<BoostNumbers(const DesiredState&)>& which,
                                                     const Target* target) {
  const Gate::Pass pass(changes_, options_.disk_patience);
  if (!pass) return disk_is_slow();
  Lock lock(mutex_);
  const auto numbers = which(desired_);
  if (numbers.empty()) {
    if (target == nullptr) return std::vector<Boost>{};
    if (desired_.any_declared(*target)) {
      return refusal({Errc::forbidden, "the pod itself declares that boost",
                      "change its annotation mus-scheduler.io/weight, or set a boost of weight 1024 over it"});
    }
    for (const auto& ruled : show_ruled(ruled_, force(), options_.now())) {
      if (!matches(*target, ruled.target)) continue;
      return refusal({Errc::forbidden, "rule " + ruled.rule + " sets that boost",
                      "pause the rules (POST /rules/pause), change that rule, or set a boost of weight 1024 over it"});
    }
    return refusal({Errc::not_found, "no boost matches " + to_text(*target), "GET /priorities lists the boosts"});
  }
  DesiredState next = desired_;
  next.erase(numbers);
  lock.unlock();
  if (auto written = write(next); !written) {
    save_bell_.ring();
    return not_written(written.error());
  }

  lock.lock();
  std::vector<Boost> removed;
  for (const auto number : numbers) {
    const auto* boost = desired_.find(number);
    if (boost == nullptr) continue;  // ended by itself meanwhile
    removed.push_back(show(*boost, reaches_[number], force(), options_.now()));
    report(EventKind::removed, *boost, nullptr, to_text(boost->target) + " taken back");
    reaches_.erase(number);
  }
  desired_.erase(numbers);
  settle(options_.now());
  tree_watch_.ask();
  publish(options_.now());
  return removed;
}

ServiceResult<std::vector<Boost>> MusService::reset(const Target& target) {
  const auto wanted = normalized(target);
  return remove([&](const DesiredState& desired) { return desired.matching(wanted); }, &wanted);
}

ServiceResult<std::vector<Boost>> MusService::reset_all() {
  return remove([](const DesiredState& desired) { return desired.all(); }, nullptr);
}

}  // namespace mus
