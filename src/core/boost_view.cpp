// SPDX-License-Identifier: Apache-2.0
#include "core/boost_view.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "mus/abi.h"

namespace mus {
namespace {

std::string out_of_force(std::size_t count, std::size_t of, const InForce& force) {
  std::string text;
  if (of > 1) text = std::to_string(count) + " of " + std::to_string(of) + " cgroups: ";
  if (force.map.size() >= MUS_MAX_POLICIES) {
    return text + "the scheduler's map is full, " + std::to_string(MUS_MAX_POLICIES) + " cgroups are boosted";
  }
  return text + (force.trouble.empty() ? "not in the scheduler's map yet" : force.trouble);
}

}  // namespace

Boost show(const DesiredBoost& boost, const Reach& reach, const InForce& force, TimePoint now) {
  Boost out;
  out.id = boost_id(boost.number);
  out.target = boost.target;
  out.target.pid = 0;  // whichever process named a cgroup
  out.weight = boost.weight;
  out.ignore_limit = boost.ignore_limit;
  out.declared = boost.declared;
  out.ttl = boost.ttl;
  if (boost.expires) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(*boost.expires - now);
    out.expires_in = std::max(left, std::chrono::milliseconds{0});
  }
  out.note = reach.note;
  if (!boost.note.empty()) out.note += (out.note.empty() ? "" : "; ") + boost.note;
  out.pending = reach.pending;
  if (!force.obstacle.empty()) {
    if (out.pending.empty()) out.pending = force.obstacle;
  } else {
    for (auto applied : reach.cgroups) {
      const auto policy = force.map.find(applied.cgroup.id);
      if (policy == force.map.end()) continue;
      // What stands there, which may be another boost's.
      applied.weight = policy->second.weight;
      applied.lifted_from = policy->second.lifted_from;
      out.applied.push_back(std::move(applied));
    }
    const auto missing = reach.cgroups.size() - out.applied.size();
    if (missing > 0) out.pending = out_of_force(missing, reach.cgroups.size(), force);
  }
  out.state = out.pending.empty() ? Boost::State::applied : Boost::State::pending;
  return out;
}

std::vector<Boost> show_all(const DesiredState& desired, const Reaches& reaches, const InForce& force, TimePoint now) {
  static const Reach none;
  std::vector<const DesiredBoost*> by_number;
  for (const auto& boost : desired.boosts()) {
    if (!boost.spent) by_number.push_back(&boost);
  }
  std::sort(by_number.begin(), by_number.end(), [](const auto* a, const auto* b) { return a->number < b->number; });
  std::vector<Boost> result;
  result.reserve(by_number.size());
  for (const auto* boost : by_number) {
    const auto reach = reaches.find(boost->number);
    result.push_back(show(*boost, reach == reaches.end() ? none : reach->second, force, now));
  }
  return result;
}

PathWeights weights_by_path(const Reaches& reaches, const InForce& force) {
  PathWeights result;
  if (!force.obstacle.empty()) return result;
  for (const auto& [number, reach] : reaches) {
    for (const auto& applied : reach.cgroups) {
      const auto policy = force.map.find(applied.cgroup.id);
      if (policy != force.map.end()) result[applied.cgroup.path] = policy->second.weight;
    }
  }
  return result;
}

void EndedBoosts::add(Boost shown, bool expired, const std::string& why, TimePoint now) {
  forget(now);
  shown.state = expired ? Boost::State::expired : Boost::State::ended;
  shown.applied.clear();
  shown.pending = why;
  if (expired) shown.expires_in = std::chrono::milliseconds{0};
  if (entries_.size() >= kMost) entries_.pop_front();
  entries_.push_back({std::move(shown), now});
}

std::vector<Boost> EndedBoosts::view(TimePoint now) {
  forget(now);
  std::vector<Boost> result;
  result.reserve(entries_.size());
  for (const auto& entry : entries_) result.push_back(entry.boost);
  return result;
}

void EndedBoosts::forget(TimePoint now) {
  while (!entries_.empty() && now - entries_.front().at > kLongest) entries_.pop_front();
}

}  // namespace mus
