// SPDX-License-Identifier: Apache-2.0
#include "core/boosts.hpp"

#include <algorithm>

#include "mus/abi.h"

namespace mus {
namespace {

std::string name_of(std::uint64_t number) {
  return std::string("b").append(std::to_string(number));
}

bool has_unit_type(std::string_view name) {
  for (const std::string_view type : {".service", ".scope", ".slice"}) {
    if (name.size() > type.size() && name.substr(name.size() - type.size()) == type) return true;
  }
  return false;
}

}  // namespace

Target normalized(Target target) {
  if (target.kind == Target::Kind::cgroup) {
    auto& path = target.cgroup;
    path.erase(0, std::min(path.find_first_not_of('/'), path.size()));
    while (!path.empty() && path.back() == '/') path.pop_back();
    path.insert(path.begin(), '/');
  }
  if (target.kind == Target::Kind::unit && !target.unit.empty() && !has_unit_type(target.unit)) {
    target.unit += ".service";
  }
  return target;
}

bool matches(const Target& wanted, const Target& boost) {
  if (wanted.kind != boost.kind) return false;
  switch (wanted.kind) {
    case Target::Kind::cgroup:
      return wanted.cgroup == boost.cgroup;
    case Target::Kind::unit:
      return wanted.unit == boost.unit;
    case Target::Kind::pid:
      return wanted.pid == boost.pid;
    case Target::Kind::pod:
      break;
  }
  bool any = false;
  for (const auto field : {&Target::pod, &Target::ns, &Target::container, &Target::uid, &Target::label}) {
    if ((wanted.*field).empty()) continue;
    if (wanted.*field != boost.*field) return false;
    any = true;
  }
  return any;
}

Result<BoostTable::Put> BoostTable::put(const Target& target, std::uint32_t weight,
                                        std::optional<std::chrono::milliseconds> ttl,
                                        std::vector<AppliedCgroup> cgroups, TimePoint now, bool ignore_limit) {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.target == target; });
  const bool replaced = found != entries_.end();
  if (!replaced && entries_.size() >= kCapacity) {
    return fail(Errc::capacity, "there are " + std::to_string(kCapacity) + " boosts already",
                "take back some that are no longer needed, or give boosts a ttl");
  }
  Entry entry;
  entry.number = replaced ? found->number : next_number_++;
  entry.set_at = next_set_++;
  entry.target = target;
  entry.weight = weight;
  entry.ignore_limit = ignore_limit;
  entry.ttl = ttl;
  if (ttl) entry.expires = now + *ttl;
  entry.cgroups = std::move(cgroups);
  Put result{name_of(entry.number), replaced};
  if (replaced) {
    *found = std::move(entry);
  } else {
    entries_.push_back(std::move(entry));
  }
  return result;
}

template <class Predicate>
std::vector<std::string> BoostTable::remove_if(Predicate predicate) {
  std::vector<std::string> removed;
  std::vector<Entry> kept;
  for (auto& entry : entries_) {
    if (predicate(entry)) {
      removed.push_back(name_of(entry.number));
    } else {
      kept.push_back(std::move(entry));
    }
  }
  entries_ = std::move(kept);
  return removed;
}

std::vector<std::string> BoostTable::reset(const Target& wanted) {
  return remove_if([&](const Entry& e) { return matches(wanted, e.target); });
}

std::vector<std::string> BoostTable::clear() {
  return remove_if([](const Entry&) { return true; });
}

std::vector<std::string> BoostTable::expire(TimePoint now) {
  return remove_if([&](const Entry& e) { return e.expires && *e.expires <= now; });
}

bool BoostTable::any_expired(TimePoint now) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.expires && *e.expires <= now; });
}

void BoostTable::forget(const std::vector<CgroupId>& gone) {
  for (auto& entry : entries_) {
    if (entry.cgroups.empty()) continue;
    std::erase_if(entry.cgroups, [&](const AppliedCgroup& a) {
      return std::find(gone.begin(), gone.end(), a.cgroup.id) != gone.end();
    });
    if (!entry.cgroups.empty()) continue;
    entry.pending = entry.target.kind == Target::Kind::pod && !entry.target.container.empty() ? "the container is gone"
                                                                                              : "the cgroup is gone";
  }
}

Policies BoostTable::policies() const {
  std::map<CgroupId, std::pair<std::uint64_t, Policy>> latest;
  for (const auto& entry : entries_) {
    for (const auto& applied : entry.cgroups) {
      auto& slot = latest[applied.cgroup.id];
      if (entry.set_at > slot.first) slot = {entry.set_at, {entry.weight, applied.lifted_from}};
    }
  }
  Policies result;
  for (const auto& [id, value] : latest) result.emplace_hint(result.end(), id, value.second);
  return result;
}

std::vector<Cgroup> BoostTable::cgroups() const {
  std::map<CgroupId, const Cgroup*> seen;
  for (const auto& entry : entries_) {
    for (const auto& applied : entry.cgroups) seen.emplace(applied.cgroup.id, &applied.cgroup);
  }
  std::vector<Cgroup> result;
  result.reserve(seen.size());
  for (const auto& [id, cgroup] : seen) result.push_back(*cgroup);
  return result;
}

Boost BoostTable::to_boost(const Entry& entry, const Policies& winning, TimePoint now, const std::string& detached) {
  Boost boost;
  boost.id = name_of(entry.number);
  boost.target = entry.target;
  boost.weight = entry.weight;
  boost.ignore_limit = entry.ignore_limit;
  boost.ttl = entry.ttl;
  if (entry.expires) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(*entry.expires - now);
    boost.expires_in = std::max(left, std::chrono::milliseconds{0});
  }
  boost.pending = entry.pending;
  if (!detached.empty()) {
    if (boost.pending.empty()) boost.pending = detached;
    return boost;
  }
  boost.applied = entry.cgroups;
  for (auto& applied : boost.applied) {
    const auto& policy = winning.at(applied.cgroup.id);
    applied.weight = policy.weight;
    applied.lifted_from = policy.lifted_from;
  }
  return boost;
}

std::vector<Boost> BoostTable::view(TimePoint now, const std::string& detached) const {
  const auto winning = policies();
  std::vector<Boost> result;
  result.reserve(entries_.size());
  for (const auto& entry : entries_) result.push_back(to_boost(entry, winning, now, detached));
  return result;
}

std::optional<Boost> BoostTable::view(const std::string& id, TimePoint now, const std::string& detached) const {
  for (const auto& entry : entries_) {
    if (name_of(entry.number) == id) return to_boost(entry, policies(), now, detached);
  }
  return std::nullopt;
}

PathWeights BoostTable::weights_by_path() const {
  const auto winning = policies();
  PathWeights result;
  for (const auto& entry : entries_) {
    for (const auto& applied : entry.cgroups) result[applied.cgroup.path] = winning.at(applied.cgroup.id).weight;
  }
  return result;
}

std::uint32_t weight_of(const PathWeights& weights, std::string_view path) {
  for (;;) {
    if (const auto found = weights.find(path); found != weights.end()) return found->second;
    const auto slash = path.rfind('/');
    if (slash == std::string_view::npos || path.size() <= 1) return MUS_WEIGHT_ONE;
    path = path.substr(0, slash);
  }
}

std::vector<PolicyChange> changes(const Policies& from, const Policies& to) {
  std::vector<PolicyChange> result;
  for (const auto& [id, policy] : from) {
    if (!to.contains(id)) result.push_back({id, std::nullopt});
  }
  for (const auto& [id, policy] : to) {
    const auto old = from.find(id);
    if (old == from.end() || old->second != policy) result.push_back({id, policy});
  }
  return result;
}

}  // namespace mus
