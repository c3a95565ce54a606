// SPDX-License-Identifier: Apache-2.0
// The engine's targets: what each controller asks for, what there is for all of them, and the weights that give it.
#include <algorithm>
#include <cmath>
#include <vector>

#include "core/figures.hpp"
#include "core/rule_engine.hpp"
#include "core/rule_words.hpp"
#include "mus/abi.h"

namespace mus {
namespace {

using State = RuledSubject::State;
using Verdict = DelayWindow::Verdict;

constexpr double kMostOfNode = 0.9;  // more takes ever more weight for ever less
constexpr double kLeastOfNode = 0.05;
// A weight that would change by less stays: what it is worked out from is never the same twice.
constexpr double kWorthMore = 1.1;
constexpr double kWorthLess = 0.8;

}  // namespace

/// Of one target, in one step.
struct RuleEngine::Wish {
  Verdict verdict = Verdict::unknown;
  TargetControl::State state = TargetControl::State::holds;
  double cpus = 0;  ///< that it should be entitled to
  double used = 0;  ///< below 0: not known
  double limit = 0;
  double p99_us = 0;
  bool scaled = false;  ///< there was not enough for all targets
  std::optional<Entitlement> entitled{};
};

void RuleEngine::move_targets(const RuleReadings& in, const EntitledTo& entitled, double taken_cpus, TimePoint now,
                              RuleStep& out) {
  const double part = std::min({kMostOfNode, in.boost_ceiling, rules_.most_share});
  const double most = std::max(part * in.node_cpus - taken_cpus, kLeastOfNode * in.node_cpus);
  std::map<Key, Wish> wishes;
  double sum = 0;
  for (auto& [key, act] : acts_) {
    if (!act.control) continue;
    const auto& target = *rules_.rules[key.first].target;
    const auto& delays = *in.delays[key.second];
    const double used = in.values[static_cast<std::size_t>(Signal::cpu_use)][key.second];
    Wish wish;
    wish.verdict = delays.p99_under(target.p99_us);
    wish.p99_us = delays.latest_p99_us();
    wish.used = std::isnan(used) ? TargetControl::kNotKnown : used;
    wish.limit = in.limits[key.second];
    wish.entitled = entitled(key.second);
    const double has = wish.entitled ? wish.entitled->cpus : TargetControl::kNotKnown;
    wish.cpus = act.control->step({wish.verdict, wish.used, has, wish.limit, most, in.node_cpus}, now);
    wish.state = act.control->state();
    if (!rules_.rules[key.first].dry_run) sum += wish.cpus;
    wishes.emplace(key, wish);
  }
  for (auto& [key, wish] : wishes) {
    if (sum > most && !rules_.rules[key.first].dry_run) {
      wish.cpus *= most / sum;
      wish.scaled = true;
    }
    move_weight(key, acts_.at(key), wish, out);
  }
}

void RuleEngine::move_weight(const Key& key, Act& act, const Wish& wish, RuleStep& out) {
  const auto& target = *rules_.rules[key.first].target;
  const auto before = act.weight;
  double weight = before;
  if (wish.entitled) {
    auto entitled = *wish.entitled;
    weight = std::clamp(entitled.weight_for(wish.cpus), double(target.min), double(target.max));
    if (weight < before * kWorthMore && weight > before * kWorthLess && weight != target.min) weight = before;
  }
  act.weight = static_cast<std::uint32_t>(std::lround(weight));

  const bool broken = wish.verdict == Verdict::broken;
  const auto was = act.state;
  act.state = broken ? State::unmet : State::met;
  std::string more;
  if (wish.state == TargetControl::State::at_limit) {
    more = "; it cannot be met by weight: its cpu.max allows " + figure(wish.limit) + " CPUs";
  } else if (broken && wish.scaled) {
    more = "; it cannot be met: several targets together want more than there is for them";
  } else if (wish.state == TargetControl::State::exhausted) {
    more = "; it cannot be met by weight: no more of the node may be given to targets";
  } else if (broken && act.weight == target.max && before == target.max) {
    more = "; it cannot be met: this is the highest weight that the rule allows";
  }
  if (!more.empty()) act.state = State::unreachable;

  const auto bound = delay_text_us(target.p99_us);
  act.why = wish.verdict == Verdict::unknown
                ? "fewer than " + std::to_string(DelayWindow::kWaits) + " waits of late, for a p99 under " + bound
                : "p99 of its waits is " + delay_text_us(wish.p99_us) + ", to stay under " + bound;
  if (wish.used >= 0) act.why += ", it uses " + figure(wish.used) + " CPUs";
  if (wish.entitled) act.why += " and is entitled to " + figure(wish.entitled->cpus_at(act.weight));
  act.why += more;

  const bool was_met = was == State::met || was == State::acting;
  if (was_met != (act.state == State::met) || (act.state == State::unreachable) != (was == State::unreachable)) {
    tell(key.first, key.second, &act, act.state == State::met ? EventKind::target_met : EventKind::target_unmet,
         act.why, out);
  }
  if (act.weight != before) tell(key.first, key.second, &act, EventKind::target_weight, act.why, out);
}

}  // namespace mus
