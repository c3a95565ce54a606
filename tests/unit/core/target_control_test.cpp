// SPDX-License-Identifier: Apache-2.0
#include "core/target_control.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <random>
#include <vector>

#include "core/entitlement.hpp"

namespace mus {
namespace {

using namespace std::chrono_literals;
using Verdict = DelayWindow::Verdict;

/// A service that asks for so many CPUs, and hogs that take the rest. Who asks for more than he is entitled to waits,
/// and what he cannot do queues up.
struct Node {
  double cpus = 2;
  double share = 0.1;   ///< of the service, unboosted, beside hogs
  double demand = 0.5;  ///< in CPUs
  double burst = 1;     ///< entitled to so many times its demand, it does not wait
  bool hogs = true;
  double limit = 0;
  double backlog = 0;  ///< CPU seconds
  double used = 0;
  double weight = 1100;
  std::uint32_t lowest = 1100, highest = 102400;

  [[nodiscard]] Entitlement entitled() const {
    if (!hogs) return {cpus, static_cast<std::uint32_t>(weight), cpus};
    const double odds = share / (1 - share) * weight / 1024;
    return {cpus * odds / (1 + odds), static_cast<std::uint32_t>(weight), cpus};
  }
  /// One second. Returns whether it waited for too long.
  Verdict pass() {
    double most = entitled().cpus;
    if (limit > 0) most = std::min(most, limit);
    used = std::min(most, demand + backlog);
    backlog += demand - used;
    return backlog > 1e-9 || (hogs && most < demand * burst) ? Verdict::broken : Verdict::holds;
  }
};

struct Loop {
  Node node;
  TargetControl control;
  TimePoint now{1000h};
  std::vector<double> weights;
  std::vector<double> entitled;
  std::vector<Verdict> verdicts;

  void run(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      verdicts.push_back(node.pass());
      now += 1s;
      const double wanted = control.step(
          {verdicts.back(), node.used, node.entitled().cpus, node.limit, 0.75 * node.cpus, node.cpus}, now);
      node.weight = std::clamp(node.entitled().weight_for(wanted), double(node.lowest), double(node.highest));
      weights.push_back(node.weight);
      entitled.push_back(node.entitled().cpus);
    }
  }
  [[nodiscard]] int broken_of_last(int seconds) const {
    return static_cast<int>(std::count(verdicts.end() - seconds, verdicts.end(), Verdict::broken));
  }
};

TEST_CASE("a target is met within five seconds after hogs have come, and gives the weight back when they go") {
  Loop loop;
  loop.node.hogs = false;
  loop.run(10);
  CHECK(loop.node.weight == 1100);
  for (int round = 0; round < 3; ++round) {
    loop.node.hogs = true;
    loop.run(5);
    loop.run(10);
    CHECK(loop.broken_of_last(10) == 0);
    CHECK(loop.node.weight > 1100);
    loop.node.hogs = false;
    loop.run(5);
    CHECK(loop.node.weight == 1100);
  }
}

TEST_CASE("a step of the load is followed within five seconds, and the weight does not swing after it") {
  Loop loop;
  loop.node.demand = 0.2;
  loop.run(30);
  loop.node.demand = 0.8;
  loop.run(5);
  loop.run(60);
  CHECK(loop.broken_of_last(60) == 0);
  const auto [low, high] = std::minmax_element(loop.weights.end() - 50, loop.weights.end());
  CHECK(*high <= *low * 1.05);
  // And down again: slowly, by an equal amount each second, until there is no more left of it than the margin.
  loop.node.demand = 0.2;
  loop.run(5);
  CHECK(loop.node.weight > 1200);
  loop.run(60);
  CHECK(loop.broken_of_last(60) == 0);
  CHECK(loop.node.entitled().cpus <= 0.2 * TargetControl::kMargin * 1.05);
}

TEST_CASE("a ramp of the load is followed without the bound being broken for more than a second at a time") {
  Loop loop;
  loop.node.demand = 0.1;
  loop.run(10);
  int in_a_row = 0;
  int longest = 0;
  for (int i = 0; i < 60; ++i) {
    loop.node.demand += 0.015;
    loop.run(1);
    in_a_row = loop.verdicts.back() == Verdict::broken ? in_a_row + 1 : 0;
    longest = std::max(longest, in_a_row);
  }
  CHECK(longest <= 1);
}

TEST_CASE(
    "under a noisy load what it is entitled to stays within a factor of four, and the bound holds nine times of ten") {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> noise(0.3, 0.7);
  Loop loop;
  for (int i = 0; i < 300; ++i) {
    loop.node.demand = noise(random);
    loop.run(1);
  }
  const auto [low, high] = std::minmax_element(loop.entitled.begin() + 20, loop.entitled.end());
  CHECK(*high <= *low * 4);
  CHECK(loop.broken_of_last(280) <= 28);
}

TEST_CASE("where bursts need more than the usual margin, the margin grows until they have it") {
  Loop loop;
  loop.node.burst = 1.6;
  loop.run(120);
  CHECK(loop.broken_of_last(60) == 0);
  CHECK(loop.node.entitled().cpus >= 1.6 * loop.node.demand);
  CHECK(loop.node.entitled().cpus <= TargetControl::kMostMargin * loop.node.demand);
}

TEST_CASE("a limit that binds is told, and no weight is wasted on it") {
  Loop loop;
  loop.node.limit = 0.3;
  loop.run(20);
  CHECK(loop.control.state() == TargetControl::State::at_limit);
  CHECK(loop.node.entitled().cpus <= 0.3 * TargetControl::kMargin * 1.01);
}

TEST_CASE("what cannot be met with all that there is is told, and the weight does not grow on") {
  Loop loop;
  loop.node.demand = 1.9;  // of 1.5 that may be given
  loop.run(20);
  CHECK(loop.control.state() == TargetControl::State::exhausted);
  CHECK(loop.node.entitled().cpus <= 1.5 * 1.01);
  const double then = loop.node.weight;
  loop.run(100);
  CHECK(loop.node.weight <= then * 1.01);
}

TEST_CASE("whatever is measured, what is asked for stays within bounds") {
  std::mt19937 random(11);
  std::uniform_real_distribution<double> any(0, 4);
  TargetControl control;
  TimePoint now{1000h};
  for (int i = 0; i < 20000; ++i) {
    now += std::chrono::milliseconds(random() % 5000);
    const double most = 0.1 + any(random);
    const double wanted = control.step({static_cast<Verdict>(random() % 3), random() % 7 == 0 ? -1 : any(random),
                                        any(random), random() % 3 == 0 ? any(random) : 0, most, 4},
                                       now);
    REQUIRE(std::isfinite(wanted));
    REQUIRE(wanted >= 0);
    REQUIRE(wanted <= most);
  }
}

TEST_CASE("an entitlement and the weight for it agree both ways") {
  const Entitlement now{0.4, 2048, 2};
  CHECK(std::abs(now.cpus_at(2048) - 0.4) < 1e-9);
  CHECK(std::abs(now.cpus_at(now.weight_for(1.2)) - 1.2) < 1e-9);
  CHECK(now.weight_for(1.2) > 2048);
  CHECK(now.weight_for(0.1) < 2048);
  // Alone on the node: there is nothing to multiply, and nothing overflows.
  CHECK(Entitlement{2, 102400, 2}.weight_for(1) < 102400);
  CHECK(std::isfinite(Entitlement{0, 16, 2}.weight_for(2)));
}

}  // namespace
}  // namespace mus
