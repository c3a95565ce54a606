// SPDX-License-Identifier: Apache-2.0
// Rules: what they go by is gathered here once a second, and what they decide is brought into force.
#include <utility>

#include "core/ruled_boosts.hpp"
#include "daemon/refusal.hpp"
#include "daemon/service.hpp"

namespace mus {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kRulesPeriod = 1s;
constexpr auto kMatchAgain = 30s;  // whatever events were missed
constexpr std::size_t kPlacesLookedFor = 64;

}  // namespace

std::shared_ptr<const RulesSnapshot> MusService::rules() {
  return rule_book_.snapshot();
}

ServiceResult<void> MusService::set_rules(const std::string& document, bool dry_run) {
  if (auto done = rule_book_.replace(document, dry_run); !done) return refusal(done.error());
  if (!dry_run) {
    rules_bell_.ring();
    refresh_bell_.ring();
  }
  return {};
}

ServiceResult<void> MusService::pause_rules(bool paused) {
  const auto done = rule_book_.pause(paused);
  if (done || done.error().code != Errc::unsupported) (void)run_rules();
  if (!done) return refusal(done.error());
  return {};
}

std::optional<std::chrono::milliseconds> MusService::run_rules() {
  if (options_.rules == nullptr) return std::nullopt;
  const std::lock_guard one_at_a_time(ruling_);
  if (!rule_book_.ready()) {
    put_in_force({});
    return kRulesPeriod;
  }
  RuleSurroundings node;
  node.now = options_.now();
  bool seen = false;
  {
    const Lock lock(mutex_);
    // Its boosts wait with all others, and are in force again when it is back.
    if (stopping_ || !attachment_.attached()) return kRulesPeriod;
    seen = no_tree().empty();
    node.policies = force().map;
    for (const auto& limit : stats_.limits) {
      if (limit.quota_us > 0) node.limits.emplace(to_u64(limit.id), limit);
    }
    for (const auto& [number, reach] : reaches_) {
      for (const auto& applied : reach.cgroups) node.claims.insert_or_assign(applied.cgroup.path, boost_id(number));
    }
  }
  node.guards = guards();
  match_rules_again(node.now);
  if (seen) {
    if (const auto view = tree_watch_.recent(100ms, options_.figures_patience)) node.view = *view;
  }
  put_in_force(rule_book_.step(node));
  return kRulesPeriod;
}

// The directories are walked only where something has changed.
void MusService::match_rules_again(TimePoint now) {
  RulePlaces places;
  for (const auto& unit : rule_book_.units()) {
    if (places.units.size() >= kPlacesLookedFor) break;
    if (const auto found = tree_.unit(unit)) places.units.emplace(unit, *found);
  }
  for (const auto& path : rule_book_.cgroups()) {
    if (places.cgroups.size() >= kPlacesLookedFor) break;
    if (const auto found = tree_.path(path)) places.cgroups.emplace(path, *found);
  }
  const auto list = pods_.known();
  const auto listed = list ? std::optional(list->fetched_at) : std::nullopt;
  const bool moved = moved_.exchange(false);
  if (!rule_book_.unmatched() && !moved && listed == matched_list_ && places == rule_places_ &&
      now - matched_at_ < kMatchAgain) {
    return;
  }
  matched_list_ = listed;
  matched_at_ = now;
  rule_places_ = places;
  const std::lock_guard one_at_a_time(looking_);
  NodeView view;
  if (rule_book_.about_pods()) look_at_pods(view);
  if (view.pods) {
    const NodeIndex index(view);
    rule_book_.match(&index, places);
  } else {
    rule_book_.match(nullptr, places);
  }
}

void MusService::put_in_force(RuledBoosts boosts) {
  const Lock lock(mutex_);
  if (stopping_ || (boosts.empty() && ruled_.empty())) return;
  const bool other = ruled_policies(boosts) != ruled_policies(ruled_);
  ruled_ = std::move(boosts);
  if (other) {
    const auto now = options_.now();
    settle(now);
    tree_watch_.ask();
    publish(now);
  }
}

}  // namespace mus
