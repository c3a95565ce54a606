// SPDX-License-Identifier: Apache-2.0
#include "core/desired.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace mus {
namespace {

bool has_unit_type(std::string_view name) {
  for (const std::string_view type : {".service", ".scope", ".slice"}) {
    if (name.size() > type.size() && name.ends_with(type)) return true;
  }
  return false;
}

/// Which process it was that named a cgroup is no part of what is named.
bool same_target(const Target& a, const Target& b) {
  if (a.kind != Target::Kind::cgroup || b.kind != Target::Kind::cgroup) return a == b;
  return a.cgroup == b.cgroup;
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
  if (wanted.kind == Target::Kind::pid) return wanted.pid != 0 && wanted.pid == boost.pid;
  if (wanted.kind != boost.kind) return false;
  if (wanted.kind == Target::Kind::cgroup) return wanted.cgroup == boost.cgroup;
  if (wanted.kind == Target::Kind::unit) return wanted.unit == boost.unit;
  bool any = false;
  for (const auto field : {&Target::pod, &Target::ns, &Target::container, &Target::uid, &Target::label}) {
    if ((wanted.*field).empty()) continue;
    if (wanted.*field != boost.*field) return false;
    any = true;
  }
  return any;
}

std::string boost_id(std::uint64_t number) {
  return std::string("b").append(std::to_string(number));
}

Result<DesiredState::Put> DesiredState::put(DesiredBoost boost) {
  const auto found = std::find_if(boosts_.begin(), boosts_.end(), [&](const DesiredBoost& b) {
    return b.declared == boost.declared && same_target(b.target, boost.target);
  });
  const bool replaced = found != boosts_.end();
  const auto alike = std::count_if(boosts_.begin(), boosts_.end(),
                                   [&](const DesiredBoost& b) { return b.declared == boost.declared; });
  if (!replaced && static_cast<std::size_t>(alike) >= kCapacity) {
    return fail(Errc::capacity, "there are " + std::to_string(kCapacity) + " boosts already",
                "take back some that are no longer needed, or give boosts a ttl");
  }
  if (replaced) {
    boost.number = found->number;
  } else if (boost.number == 0) {
    boost.number = next_;
  }
  next_ = std::max(next_, boost.number + 1);
  if (replaced) boosts_.erase(found);
  const auto place =
      !boost.declared ? boosts_.end()
                      : std::find_if(boosts_.begin(), boosts_.end(), [](const DesiredBoost& b) { return !b.declared; });
  const Put put{boost.number, replaced};
  boosts_.insert(place, std::move(boost));
  ++version_;
  return put;
}

DesiredState DesiredState::as_version(std::uint64_t version) const {
  DesiredState copy = *this;
  copy.version_ = version;
  return copy;
}

void DesiredState::erase(const BoostNumbers& numbers) {
  const auto count = std::erase_if(boosts_, [&](const DesiredBoost& b) {
    return std::find(numbers.begin(), numbers.end(), b.number) != numbers.end();
  });
  if (count > 0) ++version_;
}

void DesiredState::spend(std::uint64_t number) {
  for (auto& boost : boosts_) {
    if (boost.number != number || boost.spent) continue;
    boost.spent = true;
    ++version_;
  }
}

template <class Predicate>
BoostNumbers DesiredState::numbers_if(Predicate predicate) const {
  BoostNumbers numbers;
  for (const auto& boost : boosts_) {
    if (predicate(boost)) numbers.push_back(boost.number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

BoostNumbers DesiredState::matching(const Target& wanted) const {
  return numbers_if([&](const DesiredBoost& b) { return !b.declared && matches(wanted, b.target); });
}

bool DesiredState::any_declared(const Target& wanted) const {
  return std::any_of(boosts_.begin(), boosts_.end(),
                     [&](const DesiredBoost& b) { return b.declared && !b.spent && matches(wanted, b.target); });
}

BoostNumbers DesiredState::all() const {
  return numbers_if([](const DesiredBoost& b) { return !b.declared; });
}

bool DesiredState::any_expired(TimePoint now) const {
  return std::any_of(boosts_.begin(), boosts_.end(),
                     [&](const DesiredBoost& b) { return b.expires && *b.expires <= now && !b.spent; });
}

const DesiredBoost* DesiredState::find(std::uint64_t number) const {
  const auto found =
      std::find_if(boosts_.begin(), boosts_.end(), [&](const DesiredBoost& b) { return b.number == number; });
  return found == boosts_.end() ? nullptr : &*found;
}

}  // namespace mus
