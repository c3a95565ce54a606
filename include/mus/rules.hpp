// SPDX-License-Identifier: Apache-2.0
// Boosts that decide themselves: what rules say, what they go by, and what has come of them. Plain values.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mus/types.hpp"

namespace mus {

/// What is known of a container, a pod, a unit or a cgroup, once a second, of the second before.
enum class Signal : std::uint8_t {
  received_packets,  ///< a second, by its pod's network namespace, as the four of them
  sent_packets,
  received_bytes,
  sent_bytes,
  run_delay_p50,     ///< us; over the last 200 waits or more
  run_delay_p99,     ///< us; likewise
  cpu_pressure,      ///< 0..1: part of the time in which some task waited for a CPU (cpu.pressure, "some")
  cpu_use,           ///< CPUs
  cpu_of_limit,      ///< 0..1: of its own cpu.max
  throttled,         ///< 0..1: of the periods of its cpu.max, those in which it was throttled
  runnable_threads,  ///< on average over a tenth of a second
};
inline constexpr std::size_t kSignals = 11;
inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

/// As rules, answers and docs call it.
[[nodiscard]] constexpr std::string_view signal_word(Signal signal) {
  constexpr std::array<std::string_view, kSignals> words{
      "received_packets", "sent_packets", "received_bytes", "sent_bytes", "run_delay_p50",   "run_delay_p99",
      "cpu_pressure",     "cpu_use",      "cpu_of_limit",   "throttled",  "runnable_threads"};
  return words[static_cast<std::size_t>(signal)];
}

/// By signal. kUnknown, which compares with nothing, where there is none.
struct SignalValues {
  std::array<double, kSignals> of{kUnknown, kUnknown, kUnknown, kUnknown, kUnknown, kUnknown,
                                  kUnknown, kUnknown, kUnknown, kUnknown, kUnknown};

  [[nodiscard]] double operator[](Signal signal) const { return of[static_cast<std::size_t>(signal)]; }
  double& operator[](Signal signal) { return of[static_cast<std::size_t>(signal)]; }
};

/// Whom a rule is about. Of pods (namespace, pod, label, container, which narrow each other), or one unit, or one
/// cgroup. Empty fields are none.
struct Selector {
  std::string ns;
  std::string pod;        ///< a name in which * and ? stand for others, as in glob(7)
  std::string label;      ///< "key=value"
  std::string container;  ///< each container of that name; empty: the pod as a whole
  std::string unit;
  std::string cgroup;

  bool operator==(const Selector&) const = default;
  [[nodiscard]] bool of_pods() const { return unit.empty() && cgroup.empty(); }
};

struct Comparison {
  bool above = true;  ///< else below
  double threshold = 0;

  bool operator==(const Comparison&) const = default;
  /// Never of what is not known.
  [[nodiscard]] bool holds(double value) const { return above ? value > threshold : value < threshold; }
};

struct Condition {
  Signal signal = Signal::cpu_use;
  Comparison is;
  std::chrono::milliseconds lasting{0};  ///< for so long without a break
  std::optional<Selector> of{};          ///< whose signal, if not that of the one that the rule is about: any of these

  bool operator==(const Condition&) const = default;
};

/// What ends it: hysteresis.
struct Until {
  Comparison is;
  std::chrono::milliseconds lasting{std::chrono::seconds{10}};

  bool operator==(const Until&) const = default;
};

/// "The run-queue p99 stays under this": a controller moves the weight.
struct DelayTarget {
  double p99_us = 0;
  std::uint32_t min = 1100;  ///< above 1024: the preference of a boost is held while the target is
  std::uint32_t max = 102400;

  bool operator==(const DelayTarget&) const = default;
};

struct Rule {
  std::string name;
  Selector about;
  std::optional<Condition> when{};  ///< with `until` and `weight`; or else `target`
  Until until{};
  std::uint32_t weight = 0;
  std::optional<DelayTarget> target{};
  std::optional<std::chrono::milliseconds> ttl{};
  std::chrono::milliseconds cool_down{std::chrono::seconds{30}};  ///< after its end it does not act again for so long
  bool dry_run = false;                                           ///< says what it would do

  bool operator==(const Rule&) const = default;
};

struct RuleSet {
  static constexpr std::size_t kMostRules = 1000;

  std::vector<Rule> rules;       ///< where they conflict, the first counts
  std::size_t most_boosts = 32;  ///< by rules at once
  double most_share = 1;         ///< of the node, that all they boost are entitled to together; 1: what all boosts may

  bool operator==(const RuleSet&) const = default;
};

/// One that a rule is about, as far as there is something to tell.
struct RuledSubject {
  enum class State : std::uint8_t {
    waiting,      ///< the condition holds, not yet for long enough
    acting,       ///< its boost is in force; in a dry run, it would be
    held,         ///< it would act, and somebody or something is before it: `why` says so
    cooling,      ///< has ended, and may not act again yet
    met,          ///< of a target: acting, and the bound holds
    unmet,        ///< of a target: acting, the bound does not hold, and the weight grows
    unreachable,  ///< of a target: acting, and more weight would not help: `why` says so
  };
  std::string ns, pod, uid, container;  ///< empty for a unit or a cgroup
  Cgroup cgroup;
  State state = State::waiting;
  std::uint32_t weight = 1024;  ///< that it sets, or would
  std::string why;              ///< a sentence with figures
  std::chrono::milliseconds lasting{0};
};
[[nodiscard]] constexpr std::string_view ruled_word(RuledSubject::State state) {
  constexpr std::array<std::string_view, 7> words{"waiting", "acting", "held",       "cooling",
                                                  "met",     "unmet",  "unreachable"};
  return words[static_cast<std::size_t>(state)];
}

struct RuleStatus {
  static constexpr std::size_t kMostShown = 32;

  std::string name;
  bool dry_run = false;
  bool target = false;
  std::size_t matches = 0;  ///< that there are
  std::size_t acting = 0;
  std::size_t unmet = 0;    ///< of a target, unreachable ones included
  std::uint64_t fired = 0;  ///< since the daemon started, or the rule was changed
  std::string note;         ///< why it cannot tell, such as a pod without a network of its own; empty as a rule
  std::vector<RuledSubject> subjects;  ///< at most kMostShown, those that act first
};

struct RulesSnapshot {
  std::string path;      ///< of the file; empty: there are no rules in this daemon
  std::string document;  ///< JSON, as it was accepted; empty: none was
  std::size_t rules = 0;
  bool paused = false;
  std::string trouble;  ///< why the file as it is now is not in force; empty as a rule
  std::vector<RuleStatus> states;
};

}  // namespace mus
