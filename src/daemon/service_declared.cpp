// SPDX-License-Identifier: Apache-2.0
// Boosts that pods declare: taken over into desired state, one list at a time.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "daemon/service.hpp"
#include "daemon/text.hpp"
#include "mus/duration.hpp"

namespace mus {

// Nobody waits for these: they are written to disk afterwards. While a caller's change is being written, they wait for
// the next look, or two boosts could get one number.
void MusService::adopt_declared(const NodeView& view, DesiredState& desired, std::uint64_t& commits) {
  if (!options_.declarations.on() || !view.list || !view.list->no_labels.empty()) return;
  if (adopted_ == view.list->fetched_at) return;
  auto declarations = read_declarations(*view.list, options_.declarations);
  const Gate::Pass pass(changes_, std::chrono::milliseconds{0});
  if (!pass) return;
  {
    const Lock lock(mutex_);
    if (stopping_) return;
    const auto now = options_.now();
    auto adopted = adopt(desired_, *view.list, declarations, now);
    for (const auto& [boost, why] : adopted.taken_back) {
      report(EventKind::removed, boost, nullptr, to_text(boost.target) + " has ended: " + why);
      if (!boost.spent) ended_.add(show(boost, reaches_[boost.number], force(), now), false, why, now);
      reaches_.erase(boost.number);
    }
    const bool changed = adopted.desired.version() != desired_.version();
    desired_ = std::move(adopted.desired);
    for (const auto number : adopted.set) {
      const auto& boost = *desired_.find(number);
      report(EventKind::set, boost, nullptr,
             to_text(boost.target) + " weight " + std::to_string(boost.weight) + ", declared by the pod" +
                 (boost.ttl ? ", for " + to_text(*boost.ttl) : ""));
    }
    if (changed) {
      ++commits_;
      save_bell_.ring();
    }
    desired = desired_;
    commits = commits_;
    auto& refused = declarations.refused;
    refused.insert(refused.end(), adopted.refused.begin(), adopted.refused.end());
    adopted_ = view.list->fetched_at;
  }
  refuse_declared(std::move(declarations.refused));
}

// Told once, not with every list.
void MusService::refuse_declared(std::vector<RefusedDeclaration> refused) {
  std::sort(refused.begin(), refused.end());
  for (const auto& one : refused) {
    if (std::binary_search(refused_.begin(), refused_.end(), one)) continue;
    spdlog::warn("pod {}/{}: {}", one.ns, one.pod, one.why);
    if (options_.events == nullptr) continue;
    EventSubject subject;
    subject.ns = one.ns;
    subject.pod = one.pod;
    subject.uid = one.uid;
    subject.container = one.container;
    options_.events->add(EventKind::refused, std::move(subject), one.why);
  }
  refused_ = std::move(refused);
}

}  // namespace mus
