// SPDX-License-Identifier: Apache-2.0
// How long one step of 1000 rules takes that are all about each of 750 containers: with signals that go to and fro, and
// with all of them above every threshold, so that all rules want all containers.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/rule_engine.hpp"

namespace {

using namespace mus;

constexpr unsigned kRules = 1000;
constexpr unsigned kPods = 250;
constexpr unsigned kContainers = 3;

RuleSet make_rules() {
  RuleSet rules;
  for (unsigned i = 0; i < kRules; ++i) {
    Rule rule;
    rule.name = "rule-" + std::to_string(i);
    rule.about.pod = "*";
    rule.when = Condition{static_cast<Signal>(i % kSignals), {true, 0.5 + i / 1e4}};
    rule.until = {{false, 0.5}, std::chrono::seconds{2}};
    rule.weight = i % 3 == 0 ? 512 : 4096;
    rules.rules.push_back(std::move(rule));
  }
  return rules;
}

RuleMatches make_matches() {
  RuleMatches matches;
  for (unsigned pod = 0; pod < kPods; ++pod) {
    for (unsigned container = 0; container < kContainers; ++container) {
      const auto index = static_cast<std::uint32_t>(matches.subjects.size());
      const auto uid = "uid-" + std::to_string(pod);
      matches.subjects.push_back({"shop",
                                  "app-" + std::to_string(pod),
                                  uid,
                                  "c" + std::to_string(container),
                                  {CgroupId{1000 + index}, "/kubepods/pod" + uid + "/c" + std::to_string(container)},
                                  {index}});
    }
  }
  std::vector<std::uint32_t> all(matches.subjects.size());
  for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
  matches.about.assign(kRules, all);
  matches.signals.resize(kRules);
  matches.notes.resize(kRules);
  return matches;
}

struct Times {
  double median = 0;
  double most = 0;
  std::size_t boosts = 0;
};

Times run(long rounds, double from, double to) {
  RuleEngine engine;
  (void)engine.set(make_rules(), make_matches());
  std::mt19937 random(1);
  std::uniform_real_distribution<double> any(from, to);
  const DelayWindow none;
  TimePoint now{std::chrono::hours{1}};
  std::vector<double> took_ms;
  Times times;
  for (long i = 0; i < rounds; ++i) {
    RuleReadings in;
    const auto subjects = engine.subjects().size();
    for (auto& column : in.values) {
      column.resize(subjects);
      for (auto& value : column) value = any(random);
    }
    in.delays.assign(subjects, &none);
    in.limits.assign(subjects, 0);
    in.claimed.resize(subjects);
    const auto start = std::chrono::steady_clock::now();
    const auto step = engine.step(in, [](std::uint32_t) { return std::optional<Entitlement>{}; }, now);
    took_ms.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    times.boosts = std::max(times.boosts, step.boosts.size());
    now += std::chrono::seconds{1};
  }
  std::sort(took_ms.begin(), took_ms.end());
  times.median = took_ms[took_ms.size() / 2];
  times.most = took_ms.back();
  return times;
}

int usage() {
  std::cerr << "usage: mus-rules ROUNDS LIMIT_MS    status 1 when a median is over the limit (0: none)\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return usage();
  const long rounds = std::strtol(argv[1], nullptr, 10);
  const double limit_ms = std::strtod(argv[2], nullptr);
  if (rounds < 1) return usage();
  int status = 0;
  for (const auto& [name, from, to] :
       {std::tuple{"signals that go to and fro", 0.0, 0.55}, std::tuple{"all above all thresholds", 0.9, 1.0}}) {
    const auto times = run(rounds, from, to);
    std::printf("a step of %u rules about each of %u containers, %s: median %.1f ms, most %.1f ms of %ld; %zu boosts\n",
                kRules, kPods * kContainers, name, times.median, times.most, rounds, times.boosts);
    if (times.boosts == 0) {
      std::printf("what was measured is not what it should be: no rule acts\n");
      status = 1;
    }
    if (limit_ms > 0 && times.median > limit_ms) {
      std::printf("FAILED: over %.0f ms\n", limit_ms);
      status = 1;
    }
  }
  return status;
}
