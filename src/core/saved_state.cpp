// SPDX-License-Identifier: Apache-2.0
#include "core/saved_state.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "core/target_rules.hpp"

namespace mus {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kHighestNumber = 1ULL << 53U;  // readers of JSON round what is larger
constexpr milliseconds kLatest = std::chrono::hours{24LL * 366 * 10'000};
constexpr std::size_t kBootLength = 64;

std::string seconds_text(milliseconds time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s";
}

auto key_of(const Target& t) {
  return std::tie(t.kind, t.pod, t.ns, t.container, t.uid, t.label, t.all, t.cgroup, t.unit);
}

tl::unexpected<Error> damaged(const SavedBoost& boost, const std::string& what) {
  return fail(Errc::protocol, "boost " + std::to_string(boost.number) + ": " + what);
}

Result<void> check_boost(const SavedBoost& boost) {
  const auto& target = boost.target;
  if (target.kind == Target::Kind::pid || target.pid != 0) return damaged(boost, "a process outlives no daemon");
  if (boost.declared && (target.uid.empty() || boost.ignore_limit)) return damaged(boost, "no pod can declare that");
  if (auto good = check_target(target); !good) return damaged(boost, good.error().message);
  if (!(normalized(target) == target)) return damaged(boost, "the target is not written as it should be");
  if (auto good = check_weight(boost.weight); !good) return damaged(boost, good.error().message);
  if (!boost.ttl) return boost.left == milliseconds{0} ? Result<void>{} : damaged(boost, "time left without a ttl");
  if (auto good = check_ttl(*boost.ttl); !good) return damaged(boost, good.error().message);
  if (boost.left < milliseconds{0} || boost.left > *boost.ttl)
    return damaged(boost, "more time left than it was given");
  return {};
}

}  // namespace

SavedState to_saved(const DesiredState& desired, Calendar calendar, TimePoint now) {
  SavedState saved{desired.version(), desired.next_number(), std::move(calendar), {}};
  saved.boosts.reserve(desired.size());
  for (const auto& boost : desired.boosts()) {
    SavedBoost out{boost.number, boost.target, boost.weight, boost.ignore_limit, boost.ttl, {}, boost.declared};
    out.target.pid = 0;
    if (boost.ttl && boost.expires) {
      // Rounded up, so that it never ends early.
      out.left = std::clamp(std::chrono::ceil<milliseconds>(*boost.expires - now), milliseconds{0}, *boost.ttl);
    }
    saved.boosts.push_back(std::move(out));
  }
  return saved;
}

Result<void> check_saved(const SavedState& saved) {
  const auto declared =
      std::count_if(saved.boosts.begin(), saved.boosts.end(), [](const SavedBoost& b) { return b.declared; });
  const auto most = static_cast<std::ptrdiff_t>(DesiredState::kCapacity);
  if (declared > most || std::ssize(saved.boosts) - declared > most)
    return fail(Errc::protocol, "more boosts than there can be");
  if (saved.next > kHighestNumber || saved.version > kHighestNumber)
    return fail(Errc::protocol, "a number is too large");
  const auto& written = saved.written;
  for (const auto clock : {written.wall, written.boottime}) {
    if (clock < milliseconds{0} || clock > kLatest)
      return fail(Errc::protocol, "it was written at no time that there is");
  }
  if (written.boot.size() > kBootLength) return fail(Errc::protocol, "the boot has no id that there is");
  std::set<std::uint64_t> numbers;
  std::set<std::pair<bool, decltype(key_of(saved.boosts.front().target))>> targets;
  bool others = false;
  for (const auto& boost : saved.boosts) {
    if (boost.number == 0 || boost.number >= saved.next) return damaged(boost, "a number that was never given");
    if (!numbers.insert(boost.number).second) return damaged(boost, "the number is there twice");
    if (auto good = check_boost(boost); !good) return good;
    if (boost.declared && others) return damaged(boost, "what pods declare comes before all else");
    others = others || !boost.declared;
    if (!targets.emplace(boost.declared, key_of(boost.target)).second)
      return damaged(boost, "the target is there twice");
  }
  return {};
}

Absence absence(const Calendar& written, const Calendar& now) {
  constexpr milliseconds none{0};
  if (!written.boot.empty() && written.boot == now.boot) {
    return {std::max(now.boottime - written.boottime, none), "by the time since the machine started", false};
  }
  const auto wall = now.wall - written.wall;
  const bool known = !written.boot.empty() && !now.boot.empty();
  const auto least = known ? std::max(now.boottime, none) : none;
  if (wall < least) {
    return {least,
            "the wall clock is " + seconds_text(least - wall) +
                " behind what it must be, so only the time since the machine started counts",
            true};
  }
  return {wall, "by the wall clock, on another boot of the machine", false};
}

Restored restore(const SavedState& saved, const Calendar& calendar, TimePoint now) {
  Restored out;
  out.away = absence(saved.written, calendar);
  std::vector<DesiredBoost> boosts;
  for (const auto& one : saved.boosts) {
    DesiredBoost boost;
    boost.number = one.number;
    boost.target = one.target;
    boost.weight = one.weight;
    boost.ignore_limit = one.ignore_limit;
    boost.ttl = one.ttl;
    boost.since = now;
    boost.declared = one.declared;
    if (one.ttl) {
      boost.expires = now + std::max(one.left - out.away.time, milliseconds{0});
      if (one.left <= out.away.time) {
        const auto why = "its time was up while the daemon was away, for " + seconds_text(out.away.time) + " " +
                         (out.away.odd ? "at least: " : "") + out.away.how;
        boost.spent = one.declared;
        if (!boost.spent || one.left > milliseconds{0}) out.ended.emplace_back(boost, Ending{one.number, true, why});
        if (boost.spent) boosts.push_back(std::move(boost));
        continue;
      }
      if (out.away.odd) boost.note = "its time went on from " + seconds_text(one.left) + ": " + out.away.how;
    }
    boosts.push_back(std::move(boost));
  }
  out.desired = DesiredState(std::move(boosts), saved.next, saved.version);
  return out;
}

}  // namespace mus
