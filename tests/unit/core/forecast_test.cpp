// SPDX-License-Identifier: Apache-2.0
#include "core/forecast.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "unit/core/view.hpp"

using namespace mus;
using namespace mus::test;
using Catch::Approx;

namespace {

constexpr double kClose = 0.004;  // weights of the scheduler are whole 1024ths of 100

Policies boosts(std::uint64_t id, std::uint32_t weight, std::uint32_t lifted = 0) {
  return {{CgroupId{id}, Policy(weight, lifted)}};
}

}  // namespace

TEST_CASE("before and after a boost everybody gets what docs/scheduler.md says", "[forecast]") {
  const auto view = busy_node();
  const DividedTree before(view, {}, kNoGuards);
  const DividedTree after(view, boosts(3, 4096), kNoGuards);
  const Forecast now(before);
  const Forecast then(after);
  for (const auto& [id, without, with] : std::initializer_list<std::tuple<std::uint64_t, double, double>>{
           {1, 0.609, 0.513}, {3, 0.0625, 0.211}, {4, 0.3125, 0.263}, {5, 0.016, 0.013}, {2, 0.375, 0.474}}) {
    CAPTURE(id);
    CHECK(now.cpus(place(view, id)) == Approx(without).margin(kClose));
    CHECK(then.cpus(place(view, id)) == Approx(with).margin(kClose));
  }
  CHECK(now.weight(place(view, 3)) == 1024);
  CHECK(then.weight(place(view, 3)) == 4096);
  CHECK(then.factor(place(view, 3)) == Approx(4));
}

TEST_CASE("who does not use more than it is entitled to afterwards loses nothing", "[forecast]") {
  const auto view = busy_node(0.2);
  const DividedTree before(view, {}, kNoGuards);
  const DividedTree after(view, boosts(3, 4096), kNoGuards);
  CHECK(Forecast(before).cpus(place(view, 1)) == Approx(0.2));
  CHECK(Forecast(after).cpus(place(view, 1)) == Approx(0.2));
  for (const auto& loss : losses(Forecast(before), Forecast(after), {1, 3, 4, 5})) CHECK(loss.index != 0);
}

TEST_CASE("the losers are named once, the one that loses most first, and the boosted is none of them", "[forecast]") {
  const auto view =
      look(2, {{1, 0, 100}, {2, 1, 100, 3}, {3, 2, 100, 3}, {4, 0, 100, 4}, {5, 4, 100, 4}, {6, 0, 50, 4}});
  const DividedTree before(view, {}, kNoGuards);
  const DividedTree after(view, boosts(6, 8192), kNoGuards);
  // 1 is a container; 4 has threads of its own, so that what is below it is counted with it.
  const auto found = losses(Forecast(before), Forecast(after), {1});
  REQUIRE(found.size() == 2);
  for (const auto& loss : found) {
    CHECK((loss.index == place(view, 1) || loss.index == place(view, 4)));
    CHECK(loss.before == Approx(0.8).margin(0.01));
    CHECK(loss.after == Approx(2 * 100 / 600.0).margin(0.01));
  }
  CHECK(found[0].before - found[0].after >= found[1].before - found[1].after);
  CHECK(losses(Forecast(before), Forecast(before), {1}).empty());
}

TEST_CASE("a cgroup that sleeps is entitled to what it would get if it woke with many threads", "[forecast]") {
  const auto view = look(4, {{1, 0, 100, 8}, {2, 0, 300, 0}, {3, 2, 100, 0}});
  const DividedTree tree(view, {}, kNoGuards);
  const Forecast forecast(tree);
  CHECK(forecast.cpus(place(view, 3)) == 0);
  CHECK(forecast.entitled(place(view, 3)) == Approx(3).margin(0.01));
  CHECK(forecast.entitled(place(view, 2)) == Approx(3).margin(0.01));
}

TEST_CASE("a limit bounds what it gets and what it is entitled to, until a policy lifts it", "[forecast]") {
  const auto view = look(2, {{1, 0, 100, 4}, {2, 0, 100, 0, 0.5}, {3, 2, 100, 4}});
  const auto at = place(view, 3);
  const DividedTree held(view, boosts(3, 2048), kNoGuards);
  CHECK(Forecast(held).cpus(at) == Approx(0.5));
  CHECK(Forecast(held).entitled(at) == Approx(0.5));
  CHECK(Forecast(held).entitled_without_limits(at) == Approx(4 / 3.0).margin(0.01));
  const DividedTree lifted(view, boosts(3, 2048, 1), kNoGuards);
  CHECK(Forecast(lifted).cpus(at) == Approx(4 / 3.0).margin(0.01));
  CHECK(Forecast(lifted).entitled(at) == Approx(4 / 3.0).margin(0.01));
}

TEST_CASE("what was boosted when the tree was looked at does not count, only what is asked about", "[forecast]") {
  auto view = busy_node();
  const DividedTree plain(view, {}, kNoGuards);
  const double before = Forecast(plain).cpus(place(view, 3));
  view.records[place(view, 3)].boost = 102400;
  view.records[place(view, 3)].lifted_from = 1;
  const DividedTree tree(view, {}, kNoGuards);
  CHECK(Forecast(tree).cpus(place(view, 3)) == Approx(before));
}

TEST_CASE("a policy covers what is below it, up to the next policy", "[forecast]") {
  const auto view = look(1, {{1, 0, 100}, {2, 1, 100, 1}, {3, 1, 100, 1}, {4, 3, 100, 1}});
  const DividedTree tree(view, {{CgroupId{1}, Policy(4096)}, {CgroupId{3}, Policy(1024)}}, kNoGuards);
  const Forecast forecast(tree);
  CHECK(forecast.weight(place(view, 2)) == 4096);
  CHECK(forecast.weight(place(view, 3)) == 1024);
  CHECK(forecast.weight(place(view, 4)) == 1024);
}

TEST_CASE("the boost ceiling leaves its part to the others, also of what a sleeper is entitled to", "[forecast]") {
  const auto awake = look(2, {{1, 0, 100, 8}, {2, 0, 100, 8}});
  const auto asleep = look(2, {{1, 0, 100, 8}, {2, 0, 100, 0}});
  const DividedTree busy(awake, boosts(2, 102400), {0.75, 0});
  CHECK(Forecast(busy).cpus(1) == Approx(1.5).margin(0.01));
  CHECK(Forecast(busy).factor(1) < 100);
  const DividedTree quiet(asleep, boosts(2, 102400), {0.75, 0});
  CHECK(Forecast(quiet).entitled(1) == Approx(1.5).margin(0.01));
}

TEST_CASE("a node with CPU time left is not contended", "[forecast]") {
  const auto idle = look(4, {{1, 0, 100, 1.5}, {2, 0, 1, 1}});
  const DividedTree free(idle, {});
  CHECK(Forecast(free).uncontended());
  const auto full = busy_node();
  const DividedTree busy(full, {});
  CHECK_FALSE(Forecast(busy).uncontended());
}
