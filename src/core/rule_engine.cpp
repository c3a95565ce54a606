// SPDX-License-Identifier: Apache-2.0
// The engine's conditions, and who acts on whom. Its targets are in rule_targets.cpp.
#include "core/rule_engine.hpp"

#include <algorithm>
#include <cmath>
#include <ranges>
#include <unordered_map>

#include "core/figures.hpp"
#include "core/rule_room.hpp"
#include "core/rule_words.hpp"
#include "mus/abi.h"
#include "mus/duration.hpp"

namespace mus {
namespace {

using State = RuledSubject::State;

/// The one that decides: the highest where more is worse, the lowest where less is.
double extreme(const std::vector<double>& values, const std::vector<std::uint32_t>& of, bool highest) {
  double found = kUnknown;
  for (const auto index : of) {
    if (std::isnan(found) || (highest ? values[index] > found : values[index] < found)) found = values[index];
  }
  return found;
}

std::string identity(const RuleSubject& subject) {
  if (subject.uid.empty()) return subject.cgroup.path;
  return subject.ns + "/" + subject.pod + "/" + subject.uid + "/" + subject.container;
}

}  // namespace

std::string rule_boost_id(std::uint64_t number) {
  return std::string("r").append(std::to_string(number));
}

std::vector<RuleEvent> RuleEngine::set(RuleSet rules, RuleMatches matches) {
  std::vector<std::vector<Pair>> pairs;
  std::map<Key, Act> acts;
  std::vector<std::uint64_t> fired;
  carry_over(rules, matches, pairs, acts, fired);
  RuleStep out;
  const auto left = std::move(acts_);
  acts_.clear();
  for (const auto& [key, act] : left) {
    tell(key.first, key.second, &act, EventKind::rule_released, "is no longer about it, or it has gone", out);
  }
  rules_ = std::move(rules);
  matches_ = std::move(matches);
  pairs_ = std::move(pairs);
  acts_ = std::move(acts);
  fired_ = std::move(fired);
  return std::move(out.events);
}

void RuleEngine::carry_over(const RuleSet& rules, const RuleMatches& matches, std::vector<std::vector<Pair>>& pairs,
                            std::map<Key, Act>& acts, std::vector<std::uint64_t>& fired) {
  std::unordered_map<std::string, std::uint32_t> old_subjects;
  for (std::uint32_t i = 0; i < matches_.subjects.size(); ++i) old_subjects.emplace(identity(matches_.subjects[i]), i);
  std::unordered_map<std::string, std::uint32_t> old_rules;
  for (std::uint32_t r = 0; r < rules_.rules.size(); ++r) old_rules.emplace(rules_.rules[r].name, r);

  for (std::uint32_t r = 0; r < rules.rules.size(); ++r) {
    auto& mine = pairs.emplace_back(matches.about[r].size());
    fired.push_back(0);
    const auto old = old_rules.find(rules.rules[r].name);
    if (old == old_rules.end() || !(rules_.rules[old->second] == rules.rules[r])) continue;
    fired.back() = fired_[old->second];
    const auto& before = matches_.about[old->second];
    for (std::size_t k = 0; k < mine.size(); ++k) {
      const auto subject = matches.about[r][k];
      const auto known = old_subjects.find(identity(matches.subjects[subject]));
      if (known == old_subjects.end()) continue;
      const auto place = std::lower_bound(before.begin(), before.end(), known->second);
      if (place == before.end() || *place != known->second) continue;
      mine[k] = pairs_[old->second][static_cast<std::size_t>(place - before.begin())];
      if (auto act = acts_.extract({old->second, known->second}); !act.empty()) {
        acts.emplace(Key{r, subject}, std::move(act.mapped()));
      }
    }
  }
}

RuleStep RuleEngine::step(const RuleReadings& in, const EntitledTo& entitled, TimePoint now) {
  RuleStep out;
  states_.clear();
  for (std::uint32_t r = 0; r < rules_.rules.size(); ++r) {
    const auto& rule = rules_.rules[r];
    states_.push_back({rule.name,
                       rule.dry_run,
                       rule.target.has_value(),
                       matches_.about[r].size(),
                       0,
                       0,
                       fired_[r],
                       matches_.notes[r],
                       {}});
    advance(r, in, now, out);
  }
  Room room(rules_, matches_.subjects, in, entitled);
  for (std::uint32_t r = 0; r < rules_.rules.size(); ++r) arbitrate(r, room, now, out);
  move_targets(in, entitled, room.share * in.node_cpus, now, out);
  show_acts(now);
  for (const auto& [key, act] : acts_) {
    const auto& rule = rules_.rules[key.first];
    if (rule.dry_run) continue;
    RuleBoost boost{act.number, rule.name, matches_.subjects[key.second], act.weight, act.why, rule.ttl, {}};
    if (rule.ttl) boost.ends = act.since + *rule.ttl;
    out.boosts.push_back(std::move(boost));
  }
  return out;
}

std::vector<RuleEvent> RuleEngine::release(const std::string& why) {
  RuleStep out;
  for (const auto& [key, act] : acts_) tell(key.first, key.second, &act, EventKind::rule_released, why, out);
  acts_.clear();
  for (auto& pairs : pairs_) std::fill(pairs.begin(), pairs.end(), Pair{});
  states_.clear();
  return std::move(out.events);
}

void RuleEngine::advance(std::uint32_t r, const RuleReadings& in, TimePoint now, RuleStep& out) {
  const auto& rule = rules_.rules[r];
  const auto& about = matches_.about[r];
  if (!rule.when) {
    for (auto& pair : pairs_[r]) pair.phase = Phase::on;
    return;
  }
  const auto& values = in.values[static_cast<std::size_t>(rule.when->signal)];
  const bool others = rule.when->of.has_value();
  const double common = others ? extreme(values, matches_.signals[r], rule.when->is.above) : 0;
  for (std::size_t k = 0; k < about.size(); ++k) {
    const double value = others ? common : values[about[k]];
    auto& pair = pairs_[r][k];
    if (pair.phase == Phase::idle && !rule.when->is.holds(value)) continue;
    advance_one(r, about[k], pair, value, now, out);
  }
}

void RuleEngine::advance_one(std::uint32_t r, std::uint32_t subject, Pair& pair, double value, TimePoint now,
                             RuleStep& out) {
  const auto& rule = rules_.rules[r];
  const auto& when = *rule.when;
  const auto enter = [&](Phase phase) { pair = {now, {}, phase, false}; };
  switch (pair.phase) {
    case Phase::idle:
    case Phase::waiting:
      if (!when.is.holds(value)) return enter(Phase::idle);
      if (pair.phase == Phase::idle) enter(Phase::waiting);
      if (now - pair.since < when.lasting) {
        return show(r, subject, State::waiting,
                    signal_text(when.signal, value) + "; it has to last for " + to_text(when.lasting), pair.since,
                    rule.weight, now);
      }
      return enter(Phase::on);
    case Phase::on: {
      const Key key{r, subject};
      const auto act = acts_.find(key);
      if (rule.ttl && act != acts_.end() && now - act->second.since >= *rule.ttl) {
        end(key, "its time is up: " + to_text(*rule.ttl), out);
        return enter(Phase::cooling);
      }
      // What is not known any more is no reason to go on.
      if (!rule.until.is.holds(value) && !std::isnan(value)) {
        pair.calm = {};
        return;
      }
      if (pair.calm == TimePoint{}) pair.calm = now;
      if (now - pair.calm < rule.until.lasting) return;
      if (act == acts_.end()) return enter(Phase::idle);
      end(key, signal_text(when.signal, value) + " for " + to_text(rule.until.lasting), out);
      return enter(Phase::cooling);
    }
    case Phase::cooling:
      if (now - pair.since >= rule.cool_down) return enter(Phase::idle);
      show(r, subject, State::cooling, "it may act again " + to_text(rule.cool_down) + " after its end", pair.since,
           rule.weight, now);
  }
}

// A million of them at the worst: what is in the way is put into words for those alone that are shown or told.
RuleEngine::Held RuleEngine::held_by(std::uint32_t r, std::uint32_t subject, Room& room) const {
  if (!room.in.claimed[subject].empty()) return {Held::claimed};
  for (const auto above : matches_.subjects[subject].at_and_above) {
    if (room.taken[above] != Room::kNobody) return {Held::earlier, room.taken[above]};
  }
  const auto& rule = rules_.rules[r];
  if (room.boosts_of(rule.dry_run) >= rules_.most_boosts) return {Held::boosts};
  if (rule.dry_run || rule.target || rule.weight <= MUS_WEIGHT_ONE) return {};
  const bool acts = acts_.contains({r, subject});
  if (room.full && !acts) return {Held::share};
  const double share = room.share_of(subject, rule.weight);
  if (!acts && rules_.most_share < 1 && room.share + share > rules_.most_share) {
    room.full = true;
    return {Held::share};
  }
  room.share += share;
  return {};
}

std::string RuleEngine::held_text(const Held& held, std::uint32_t subject, const Room& room) const {
  switch (held.by) {
    case Held::claimed:
      return "boost " + room.in.claimed[subject] + " is before all rules";
    case Held::earlier:
      return "rule " + rules_.rules[held.rule].name + " comes before it";
    case Held::boosts:
      return "rules may set " + std::to_string(rules_.most_boosts) + " boosts at once";
    default:
      return "rules' boosts would be entitled to more than " + percent(rules_.most_share) + " of the node";
  }
}

void RuleEngine::arbitrate(std::uint32_t r, Room& room, TimePoint now, RuleStep& out) {
  const auto& rule = rules_.rules[r];
  const auto& about = matches_.about[r];
  std::size_t newly_held = 0;
  for (std::size_t k = 0; k < about.size(); ++k) {
    auto& pair = pairs_[r][k];
    if (pair.phase != Phase::on) continue;
    const auto subject = about[k];
    const Key key{r, subject};
    if (const auto held = held_by(r, subject, room); held.by != Held::nobody) {
      if (!pair.held) {
        const auto why = held_text(held, subject, room);
        end(key, why, out);
        if (++newly_held == 1) tell(r, subject, nullptr, EventKind::rule_held, why, out);
        pair.held = true;
      }
      if (states_[r].subjects.size() < RuleStatus::kMostShown) {
        show(r, subject, State::held, held_text(held, subject, room), pair.since, rule.weight, now);
      }
      continue;
    }
    pair.held = false;
    ++room.boosts_of(rule.dry_run);
    if (!rule.dry_run) room.taken[subject] = r;
    ++states_[r].acting;
    auto [place, fresh] = acts_.try_emplace(key);
    if (!fresh) continue;
    auto& act = place->second;
    act.number = next_number_++;
    act.weight = rule.target ? rule.target->min : rule.weight;
    act.since = now;
    ++fired_[r];
    ++states_[r].fired;
    if (rule.target) {
      act.control = std::make_unique<TargetControl>();
      act.why = "p99 of its waits is to stay under " + delay_text_us(rule.target->p99_us);
    } else {
      const auto signal = rule.when->signal;
      const auto& values = room.in.values[static_cast<std::size_t>(signal)];
      const double value = rule.when->of ? extreme(values, matches_.signals[r], rule.when->is.above) : values[subject];
      act.why = signal_text(signal, value) + ", " + comparison_text(signal, rule.when->is) +
                (rule.when->lasting.count() > 0 ? " for " + to_text(rule.when->lasting) : "");
    }
    tell(r, subject, &act, EventKind::rule_fired, act.why, out);
  }
}

void RuleEngine::end(const Key& key, const std::string& why, RuleStep& out) {
  const auto act = acts_.find(key);
  if (act == acts_.end()) return;
  tell(key.first, key.second, &act->second, EventKind::rule_released, why, out);
  acts_.erase(act);
}

void RuleEngine::tell(std::uint32_t r, std::uint32_t subject, const Act* act, EventKind kind, const std::string& what,
                      RuleStep& out) const {
  const auto& rule = rules_.rules[r];
  const auto& who = matches_.subjects[subject];
  RuleEvent event{kind,
                  {act == nullptr || rule.dry_run ? std::string() : rule_boost_id(act->number), who.ns, who.pod,
                   who.uid, who.container, who.cgroup},
                  "rule " + rule.name + (rule.dry_run ? " (dry run)" : "") + ": "};
  event.message += subject_text(who.ns, who.pod, who.container, who.cgroup.path);
  if (kind == EventKind::rule_fired) event.message += " gets weight " + std::to_string(act->weight);
  if (kind == EventKind::rule_released) event.message += " has weight 1024 again";
  if (kind == EventKind::target_weight) event.message += " gets weight " + std::to_string(act->weight);
  if (kind == EventKind::target_met) event.message += " waits no longer than it should";
  if (kind == EventKind::target_unmet) event.message += " waits for too long";
  if (kind == EventKind::rule_held) event.message += " is left as it is";
  event.message += ": " + what;
  out.events.push_back(std::move(event));
}

void RuleEngine::show(std::uint32_t r, std::uint32_t subject, State state, std::string why, TimePoint since,
                      std::uint32_t weight, TimePoint now) {
  auto& shown = states_[r].subjects;
  if (shown.size() >= RuleStatus::kMostShown) return;
  const auto& who = matches_.subjects[subject];
  shown.push_back({who.ns, who.pod, who.uid, who.container, who.cgroup, state, weight, std::move(why),
                   std::chrono::duration_cast<std::chrono::milliseconds>(now - since)});
}

// Those that act come first, whatever there was to say of others.
void RuleEngine::show_acts(TimePoint now) {
  for (const auto& [key, what] : std::ranges::reverse_view(acts_)) {
    auto& shown = states_[key.first].subjects;
    if (shown.size() >= RuleStatus::kMostShown) shown.pop_back();
    show(key.first, key.second, what.state, what.why, what.since, what.weight, now);
    std::rotate(shown.begin(), shown.end() - 1, shown.end());
    const bool broken = what.state == State::unmet || what.state == State::unreachable;
    states_[key.first].unmet += broken ? 1 : 0;
  }
}

}  // namespace mus
