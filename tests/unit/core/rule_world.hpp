// SPDX-License-Identifier: Apache-2.0
// A node of pods for the rule engine.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/rule_engine.hpp"

namespace mus::test {

using namespace std::chrono_literals;

/// Pods of one container each, and their figures, which a test sets.
struct RuleWorld {
  RuleEngine engine;
  RuleSet rules;
  std::vector<std::string> pods;
  std::map<std::string, double> packets;
  std::map<std::string, std::string> claims;
  std::map<std::string, DelayWindow> delays;
  std::map<std::string, double> uses;
  double part = 0.2;  ///< of the node, that each is entitled to by a weight of 1024
  TimePoint now{1000h};
  std::vector<RuleEvent> events;
  RuleStep last;

  explicit RuleWorld(std::vector<std::string> names) : pods(std::move(names)) {}

  static Rule rule(const std::string& name, const std::string& pod, std::uint32_t weight = 4096) {
    Rule out;
    out.name = name;
    out.about.pod = pod;
    out.when = Condition{Signal::received_packets, {true, 100}};
    out.until = {{false, 100}, 2s};
    out.weight = weight;
    out.cool_down = 5s;
    return out;
  }
  static Rule target(const std::string& name, const std::string& pod) {
    Rule out;
    out.name = name;
    out.about.pod = pod;
    out.target = DelayTarget{2000};
    return out;
  }

  void match() {
    RuleMatches matches;
    for (const auto& pod : pods) {
      const auto index = static_cast<std::uint32_t>(matches.subjects.size());
      matches.subjects.push_back({"shop", pod, "u-" + pod, {}, {CgroupId{100 + index}, "/kubepods/" + pod}, {index}});
    }
    const auto those = [&](const Selector& selector) {
      std::vector<std::uint32_t> found;
      for (std::uint32_t i = 0; i < pods.size(); ++i) {
        if (fits(selector.pod, pods[i])) found.push_back(i);
      }
      return found;
    };
    for (const auto& one : rules.rules) {
      matches.about.push_back(those(one.about));
      matches.signals.push_back(one.when && one.when->of ? those(*one.when->of) : std::vector<std::uint32_t>{});
      matches.notes.emplace_back();
    }
    take(engine.set(rules, std::move(matches)));
  }
  void take(std::vector<RuleEvent> more) { events.insert(events.end(), more.begin(), more.end()); }

  void pass(int seconds = 1) {
    for (int i = 0; i < seconds; ++i) {
      now += 1s;
      RuleReadings in;
      for (auto& column : in.values) column.assign(pods.size(), kUnknown);
      for (std::size_t k = 0; k < pods.size(); ++k) {
        if (const auto found = packets.find(pods[k]); found != packets.end()) {
          in.values[static_cast<std::size_t>(Signal::received_packets)][k] = found->second;
        }
        for (const auto quantile : {0.5, 0.99}) {
          const auto signal = quantile < 0.9 ? Signal::run_delay_p50 : Signal::run_delay_p99;
          in.values[static_cast<std::size_t>(signal)][k] = delays[pods[k]].quantile_us(quantile).value_or(kUnknown);
        }
        if (const auto found = uses.find(pods[k]); found != uses.end()) {
          in.values[static_cast<std::size_t>(Signal::cpu_use)][k] = found->second;
        }
        in.delays.push_back(&delays[pods[k]]);
        in.limits.push_back(0);
        in.claimed.push_back(claims[pods[k]]);
      }
      in.node_cpus = 2;
      const EntitledTo entitled = [&](std::uint32_t subject) -> std::optional<Entitlement> {
        const auto weight = weight_of(pods[subject]);
        return Entitlement{Entitlement{2 * part, 1024, 2}.cpus_at(weight), weight, 2};
      };
      last = engine.step(in, entitled, now);
      take(last.events);
    }
  }
  [[nodiscard]] std::uint32_t weight_of(const std::string& pod) const {
    const auto found = std::find_if(last.boosts.begin(), last.boosts.end(),
                                    [&](const RuleBoost& boost) { return boost.subject.pod == pod; });
    return found == last.boosts.end() ? 1024 : found->weight;
  }
  [[nodiscard]] long count(EventKind kind) const {
    return std::count_if(events.begin(), events.end(), [kind](const RuleEvent& event) { return event.kind == kind; });
  }
  [[nodiscard]] RuledSubject shown(std::size_t rule = 0, std::size_t subject = 0) const {
    return engine.states().at(rule).subjects.at(subject);
  }
  void wait_long(const std::string& pod, std::uint64_t longs) {
    WaitCounts waits{};
    waits[1] = 300 - longs;
    waits[14] = longs;
    delays[pod].add(waits, now);
  }
};

}  // namespace mus::test
