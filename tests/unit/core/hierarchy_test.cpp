// SPDX-License-Identifier: Apache-2.0
// From cgroup records to the numbers that BPF competes with.
#include "core/hierarchy.hpp"

#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "mus/abi.h"

using namespace mus;
using namespace std::chrono_literals;
using Catch::Approx;

namespace {

constexpr std::uint32_t kHundred = 1024;  // shares for a cpu.weight of 100

CgroupRecord record(std::uint64_t id, std::uint64_t parent, std::uint32_t shares, std::uint32_t threads) {
  CgroupRecord out;
  out.id = CgroupId{id};
  out.parent = CgroupId{parent};
  out.flow = static_cast<std::uint32_t>(id);
  out.shares = shares;
  out.threads = threads;
  out.load = threads * 100;
  return out;
}

const FlowShare& of(const ShareUpdate& update, std::uint32_t flow) {
  const auto found = std::find_if(update.flows.begin(), update.flows.end(),
                                  [=](const FlowShare& share) { return share.flow == flow; });
  REQUIRE(found != update.flows.end());
  return *found;
}

double ratio(const ShareUpdate& update, std::uint32_t a, std::uint32_t b) {
  return static_cast<double>(of(update, a).own) / of(update, b).own;
}

}  // namespace

TEST_CASE("an empty tree leaves threads of the root cgroup what they have", "[hierarchy]") {
  Hierarchy hierarchy;
  const auto update = hierarchy.update({}, 4, 40ms);
  CHECK(update.flows.empty());
  CHECK(update.root == MUS_SHARE_ONE);
  CHECK(update.heaviest == MUS_SHARE_ONE);
}

TEST_CASE("weights count level by level, on the scheduler's scale", "[hierarchy]") {
  Hierarchy hierarchy;
  const auto update = hierarchy.update(
      {record(1, 0, kHundred, 1), record(2, 0, kHundred, 0), record(3, 2, 3 * kHundred, 4), record(4, 2, kHundred, 4)},
      1, 40ms);
  CHECK(ratio(update, 3, 4) == Approx(3).epsilon(1e-3));
  CHECK(ratio(update, 1, 4) == Approx(4).epsilon(1e-3));
  CHECK(of(update, 2).whole == Approx(of(update, 1).own).epsilon(1e-3));
  CHECK(of(update, 2).rivals == 4 * kHundred);
  CHECK(update.root == Approx(of(update, 1).own).epsilon(1e-3));
}

TEST_CASE("without the cpu controller threads compete in the nearest cgroup above that has it", "[hierarchy]") {
  Hierarchy hierarchy;
  // 2 has the controller, 3 and what is below it do not: one thread against three of equal weight.
  const auto update = hierarchy.update({record(1, 0, kHundred, 8), record(2, 0, kHundred, 0), record(3, 2, 0, 1),
                                        record(4, 3, 0, 3), record(5, 0, 0, 1)},
                                       1, 40ms);
  CHECK(ratio(update, 4, 3) == Approx(3).epsilon(1e-3));
  CHECK(ratio(update, 1, 3) == Approx(4).epsilon(1e-3));
  CHECK(ratio(update, 1, 5) == Approx(1).epsilon(1e-3));
}

TEST_CASE("without the controller a thread weighs a cgroup's 100, however often it sleeps", "[hierarchy]") {
  Hierarchy hierarchy;
  for (int i = 0; i < 100; ++i) {
    const std::uint32_t runs = i % 10 == 0 ? 1 : 0;
    const auto update = hierarchy.update(
        {record(1, 0, kHundred, 0), record(2, 1, 0, runs), record(3, 1, kHundred, runs), record(4, 1, 0, 1)}, 1, 40ms);
    CAPTURE(i);
    REQUIRE(ratio(update, 2, 3) == Approx(1).epsilon(1e-3));
  }
}

TEST_CASE("the heaviest share includes the boost, and only that of who runs", "[hierarchy]") {
  Hierarchy hierarchy;
  auto boosted = record(1, 0, kHundred, 1);
  boosted.boost = 4096;
  auto asleep = record(2, 0, kHundred, 0);
  asleep.boost = 102400;
  const auto update = hierarchy.update({boosted, asleep, record(3, 0, kHundred, 1)}, 1, 40ms);
  CHECK(update.heaviest == 4 * of(update, 1).own);
}

TEST_CASE("threads are averaged over a tenth of a second, and a cgroup that is new counts at once", "[hierarchy]") {
  Hierarchy hierarchy;
  const std::vector<CgroupRecord> both = {record(1, 0, kHundred, 0), record(2, 1, 3 * kHundred, 1),
                                          record(3, 1, kHundred, 1)};
  auto one = both;
  one[1].threads = one[1].load = 0;
  CHECK(of(hierarchy.update(both, 1, 40ms), 3).own * 4 ==
        Approx(of(hierarchy.update(both, 1, 40ms), 1).whole).margin(4));
  const auto soon = hierarchy.update(one, 1, 10ms);
  const auto later = hierarchy.update(one, 1, 1s);
  const auto share = [](const ShareUpdate& update) { return double(of(update, 3).own) / of(update, 1).whole; };
  CHECK(share(soon) < 0.5);
  CHECK(share(later) > 0.95);
  // Asleep, it keeps what it would have.
  CHECK(double(of(later, 2).own) / of(later, 1).whole == Approx(0.75).margin(0.01));
}

TEST_CASE("an id that is gone is forgotten: a later one with it starts anew", "[hierarchy]") {
  Hierarchy hierarchy;
  const std::vector<CgroupRecord> tree = {record(1, 0, kHundred, 0), record(2, 1, kHundred, 1),
                                          record(3, 1, kHundred, 9)};
  const auto before = hierarchy.update(tree, 1, 40ms);
  CHECK(hierarchy.update({}, 1, 1ms).flows.empty());
  CHECK(hierarchy.update(tree, 1, 1ms).flows == before.flows);
}

TEST_CASE("where only small shares run, they are scaled up: virtual time passes as fast as ever", "[hierarchy]") {
  Hierarchy hierarchy;
  const auto update = hierarchy.update({record(1, 0, kHundred, 0), record(2, 1, 10, 1), record(3, 1, 10, 1)}, 1, 40ms);
  CHECK(of(update, 2).own == Approx(MUS_SHARE_ONE).epsilon(1e-3));
  CHECK(update.root == Approx(2 * MUS_SHARE_ONE).epsilon(1e-3));
}

TEST_CASE("a cgroup that was not given a flow has none to write to", "[hierarchy]") {
  Hierarchy hierarchy;
  auto crowd = record(7, 0, kHundred, 1);
  crowd.flow = 0;
  CHECK(hierarchy.update({crowd}, 1, 40ms).flows.empty());
}

TEST_CASE("a limit bounds what is divided below it, unless a policy lifts it", "[hierarchy]") {
  // A pod with one limited container, and a neighbour of the pod; two CPUs.
  std::vector<CgroupRecord> tree = {record(1, 0, kHundred, 0), record(2, 1, kHundred, 4), record(3, 1, kHundred, 4),
                                    record(4, 0, kHundred, 4)};
  for (auto& one : tree) one.level = one.parent == CgroupId{} ? 1 : 2;
  tree[1].limit = 0.25;
  Hierarchy hierarchy;
  CHECK(ratio(hierarchy.update(tree, 2, 40ms), 4, 3) == Approx(4.0 / 3).epsilon(1e-3));
  tree[1].lifted_from = 2;
  CHECK(ratio(hierarchy.update(tree, 2, 40ms), 4, 3) == Approx(2).epsilon(1e-3));
}

TEST_CASE("guards multiply what is published of the boosted and of the services; the heaviest is of that",
          "[hierarchy]") {
  std::vector<CgroupRecord> tree = {record(1, 0, kHundred, 4), record(2, 0, kHundred, 4), record(3, 0, kHundred, 4)};
  tree[0].boost = 102400;
  Hierarchy off({1, 0});
  const auto plain = off.update(tree, 1, 40ms, {CgroupId{3}});
  CHECK(ratio(plain, 1, 2) == Approx(1).epsilon(1e-3));
  CHECK(plain.heaviest == 100 * of(plain, 1).own);

  Hierarchy ceiling({0.75, 0});
  const auto capped = ceiling.update(tree, 1, 40ms, {CgroupId{3}});
  CHECK(100 * ratio(capped, 1, 2) == Approx(6).epsilon(3e-3));  // 6 of 8 are three quarters
  CHECK(of(capped, 1).whole == of(capped, 1).own);
  CHECK(capped.heaviest == Approx(100.0 * of(capped, 1).own).epsilon(1e-3));
  CHECK(of(capped, 2) == of(plain, 2));

  Hierarchy floor({1, 0.1});
  const auto held = floor.update(tree, 1, 40ms, {CgroupId{3}});
  CHECK(ratio(held, 3, 2) == Approx(101.0 / 9).epsilon(3e-3));  // a tenth beside 101
  CHECK(held.root == Approx(of(held, 3).own).epsilon(1e-3));
  CHECK(of(held, 2) == of(plain, 2));
}

TEST_CASE("a boost that is cut is never worth less than none, however small the share", "[hierarchy]") {
  // The first makes the ceiling cut all boosts; the second has next to nothing, whatever its boost.
  std::vector<CgroupRecord> tree = {record(1, 0, 40 * kHundred, 4), record(2, 0, 5, 4), record(3, 0, kHundred, 4)};
  Hierarchy off({1, 0});
  Hierarchy guarded({0.1, 0});
  for (std::uint32_t boost = 1025; boost <= 102400; boost += 997) {
    CAPTURE(boost);
    tree[0].boost = 102400;
    tree[1].boost = boost;
    const auto without = off.update(tree, 4, 40ms);
    const auto cut = guarded.update(tree, 4, 40ms);
    if (boost > 2048) REQUIRE(of(cut, 2).own < of(without, 2).own);
    REQUIRE(std::uint64_t{of(cut, 2).own} * boost / MUS_WEIGHT_ONE >= of(without, 2).own);
    REQUIRE(std::uint64_t{of(cut, 1).own} * 100 >= of(without, 1).own);
  }
}
