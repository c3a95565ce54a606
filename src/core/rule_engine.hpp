// SPDX-License-Identifier: Apache-2.0
// From rules, and what is known of those that they are about, to the boosts that rules set. Pure: time is an argument,
// nothing is looked up.
//
// Once a second: first each rule's condition is followed for each of its subjects; then, in the order of the rules, it
// is found out who acts on whom; then the targets' controllers move their weights. Whoever is named by a request or by
// an annotation is left to those; what a rule acts on, at or below it no later rule does.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/delay_window.hpp"
#include "core/entitlement.hpp"
#include "core/rule_subjects.hpp"
#include "core/target_control.hpp"
#include "mus/events.hpp"
#include "mus/rules.hpp"
#include "mus/types.hpp"

namespace mus {

/// Of the subjects, in their order.
struct RuleReadings {
  std::array<std::vector<double>, kSignals> values;  ///< by signal, kUnknown included
  std::vector<const DelayWindow*> delays;            ///< never null
  std::vector<double> limits;                        ///< CPUs of its own cpu.max; 0: none
  std::vector<std::string> claimed;                  ///< the boost at or above it that no rule set; empty: none
  double node_cpus = 1;
  double boost_ceiling = 1;  ///< part of the node that all boosted get at most
};

/// What a subject is entitled to with the weight in force; none: nobody can tell. Not cheap.
using EntitledTo = std::function<std::optional<Entitlement>(std::uint32_t subject)>;

/// One that is to be in force.
struct RuleBoost {
  std::uint64_t number = 0;
  std::string rule;
  RuleSubject subject;
  std::uint32_t weight = 0;
  std::string why;
  std::optional<std::chrono::milliseconds> ttl;
  std::optional<TimePoint> ends;
};

struct RuleEvent {
  EventKind kind = EventKind::rule_fired;
  EventSubject subject;
  std::string message;
};

struct RuleStep {
  std::vector<RuleBoost> boosts;  ///< without those of dry runs
  std::vector<RuleEvent> events;
};

/// "r7".
[[nodiscard]] std::string rule_boost_id(std::uint64_t number);

class RuleEngine {
 public:
  /// Other rules, or others that they are about: `matches` are those of `rules`. What has not changed goes on.
  std::vector<RuleEvent> set(RuleSet rules, RuleMatches matches);
  /// About once a second.
  RuleStep step(const RuleReadings& in, const EntitledTo& entitled, TimePoint now);
  /// All ends: why, as the end of a sentence.
  std::vector<RuleEvent> release(const std::string& why);

  [[nodiscard]] const RuleSet& rules() const { return rules_; }
  [[nodiscard]] const std::vector<RuleSubject>& subjects() const { return matches_.subjects; }
  [[nodiscard]] const RuleMatches& matches() const { return matches_; }
  /// As of the last step.
  [[nodiscard]] std::vector<RuleStatus> states() const { return states_; }

 private:
  enum class Phase : std::uint8_t { idle, waiting, on, cooling };
  /// Of a rule and one that it is about; there may be a million of them.
  struct Pair {
    TimePoint since{};  ///< of the phase
    TimePoint calm{};   ///< since when `until` holds; the epoch: it does not
    Phase phase = Phase::idle;
    bool held = false;  ///< as was told
  };
  struct Act {
    std::uint64_t number = 0;
    std::uint32_t weight = 0;
    TimePoint since{};
    std::string why;
    std::unique_ptr<TargetControl> control{};
    RuledSubject::State state = RuledSubject::State::acting;
  };
  using Key = std::pair<std::uint32_t, std::uint32_t>;  // rule and subject
  /// Who or what is before a rule.
  struct Held {
    enum By : std::uint8_t { nobody, claimed, earlier, boosts, share } by = nobody;
    std::uint32_t rule = 0;
  };
  struct Room;
  struct Wish;

  void carry_over(const RuleSet& rules, const RuleMatches& matches, std::vector<std::vector<Pair>>& pairs,
                  std::map<Key, Act>& acts, std::vector<std::uint64_t>& fired);
  void advance(std::uint32_t r, const RuleReadings& in, TimePoint now, RuleStep& out);
  void advance_one(std::uint32_t r, std::uint32_t subject, Pair& pair, double value, TimePoint now, RuleStep& out);
  void arbitrate(std::uint32_t r, Room& room, TimePoint now, RuleStep& out);
  [[nodiscard]] Held held_by(std::uint32_t r, std::uint32_t subject, Room& room) const;
  [[nodiscard]] std::string held_text(const Held& held, std::uint32_t subject, const Room& room) const;
  void move_targets(const RuleReadings& in, const EntitledTo& entitled, double taken_cpus, TimePoint now,
                    RuleStep& out);
  void move_weight(const Key& key, Act& act, const Wish& wish, RuleStep& out);
  void tell(std::uint32_t r, std::uint32_t subject, const Act* act, EventKind kind, const std::string& what,
            RuleStep& out) const;
  void end(const Key& key, const std::string& why, RuleStep& out);
  void show(std::uint32_t r, std::uint32_t subject, RuledSubject::State state, std::string why, TimePoint since,
            std::uint32_t weight, TimePoint now);
  void show_acts(TimePoint now);

  RuleSet rules_;
  RuleMatches matches_;
  std::vector<std::vector<Pair>> pairs_;  // parallel to matches_.about
  std::map<Key, Act> acts_;
  std::vector<std::uint64_t> fired_;  // by rule
  std::vector<RuleStatus> states_;
  std::uint64_t next_number_ = 1;
};

}  // namespace mus
