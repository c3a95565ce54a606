// SPDX-License-Identifier: Apache-2.0
// What outlives the daemon, and what clocks may do to it.
#include "core/saved_state.hpp"

#include <catch2/catch_test_macros.hpp>
#include <functional>

#include "unit/core/desired_builders.hpp"

using namespace mus;
using namespace mus::test;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

constexpr auto kYear = 365 * 24h;
const Calendar kWritten{1'800'000'000s, 5000s, "boot-1"};

Calendar later(milliseconds time) {
  return {kWritten.wall + time, kWritten.boottime + time, kWritten.boot};
}
Calendar on_another_boot(milliseconds wall, milliseconds up) {
  return {kWritten.wall + wall, up, "boot-2"};
}

// One boost that ends in an hour, and one that does not.
SavedState two_boosts() {
  DesiredState desired;
  auto ends = wish(pod_target("redis", "shop"), 8192);
  ends.ttl = 2h;
  ends.expires = kStart + 1h;
  REQUIRE(desired.put(ends));
  auto process = cgroup_target("/a");
  process.pid = 42;
  auto stays = wish(process);
  stays.ignore_limit = true;
  REQUIRE(desired.put(stays));
  return to_saved(desired, kWritten, kStart);
}

std::optional<milliseconds> left_after(const Calendar& now) {
  const TimePoint restart{5h};  // the monotonic clock is another one
  const auto restored = restore(two_boosts(), now, restart);
  const auto* boost = restored.desired.find(1);
  if (boost == nullptr) {
    REQUIRE(restored.ended.size() == 1);
    CHECK_FALSE(restored.ended[0].second.why.empty());
    return std::nullopt;
  }
  return std::chrono::duration_cast<milliseconds>(*boost->expires - restart);
}

}  // namespace

TEST_CASE("boosts come back as they were, but for the process that named one", "[saved]") {
  const auto saved = two_boosts();
  REQUIRE(check_saved(saved));
  CHECK(saved.boosts[0].left == 1h);
  const auto restored = restore(saved, later(10min), kStart);
  REQUIRE(restored.desired.size() == 2);
  CHECK(restored.ended.empty());
  CHECK(restored.desired.version() == saved.version);
  CHECK(restored.desired.next_number() == 3);
  const auto& first = restored.desired.boosts()[0];
  CHECK(first.number == 1);
  CHECK(first.target == pod_target("redis", "shop"));
  CHECK(first.weight == 8192);
  CHECK(first.ttl == 2h);
  CHECK(first.expires == kStart + 50min);
  CHECK(first.note.empty());
  const auto& second = restored.desired.boosts()[1];
  CHECK(second.target == cgroup_target("/a"));
  CHECK(second.ignore_limit);
  CHECK_FALSE(second.expires);
}

TEST_CASE("on the same boot the wall clock has no say", "[saved]") {
  for (const auto off : {milliseconds{0}, milliseconds{kYear}, -milliseconds{kYear}}) {
    auto now = later(30min);
    now.wall += off;
    CHECK(left_after(now) == 30min);
    now.boottime = kWritten.boottime + 1h;
    CHECK_FALSE(left_after(now));
  }
}

TEST_CASE("on another boot the wall clock counts, within bounds", "[saved]") {
  CHECK(left_after(on_another_boot(20min, 1min)) == 40min);
  CHECK_FALSE(left_after(on_another_boot(61min, 1min)));
  SECTION("a year ahead: it is over, and says by which clock") {
    const auto restored = restore(two_boosts(), on_another_boot(kYear, 1min), kStart);
    REQUIRE(restored.ended.size() == 1);
    CHECK(restored.ended[0].second.why.find("31536000 s by the wall clock") != std::string::npos);
    CHECK(restored.desired.size() == 1);
  }
  SECTION("a year behind: at least this boot's time has passed, and it says so") {
    const auto restored = restore(two_boosts(), on_another_boot(-kYear, 10min), kStart);
    REQUIRE(restored.ended.empty());
    CHECK(restored.away.odd);
    CHECK(restored.desired.find(1)->expires == kStart + 50min);
    CHECK(restored.desired.find(1)->note.find("the wall clock is") != std::string::npos);
    CHECK(restored.desired.find(2)->note.empty());
  }
  SECTION("a machine that starts again and again with its clock set back does not keep a boost for ever") {
    auto saved = two_boosts();
    int boots = 0;
    for (; boots < 1000; ++boots) {
      Calendar now{-kYear, 1min, "boot-" + std::to_string(boots + 2)};
      now.wall += kWritten.wall;
      const auto restored = restore(saved, now, kStart);
      if (restored.desired.find(1) == nullptr) break;
      now.wall = std::max(now.wall, 0ms);
      saved = to_saved(restored.desired, now, kStart);
    }
    CHECK(boots == 59);
  }
  SECTION("which boot it is is not known") {
    CHECK(left_after({kWritten.wall + 20min, 5000h, ""}) == 40min);
    CHECK(left_after({kWritten.wall - 20min, 5000h, ""}) == 1h);
  }
}

TEST_CASE("what could not have been written is not read", "[saved]") {
  const auto spoiled = [](const std::function<void(SavedState&)>& change) {
    auto saved = two_boosts();
    change(saved);
    const auto checked = check_saved(saved);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == Errc::protocol);
    CHECK_FALSE(checked.error().message.empty());
  };
  spoiled([](SavedState& s) { s.boosts[0].number = 0; });
  spoiled([](SavedState& s) { s.boosts[0].number = s.next; });
  spoiled([](SavedState& s) { s.boosts[0].number = s.boosts[1].number; });
  spoiled([](SavedState& s) { s.boosts[0].target = s.boosts[1].target; });
  spoiled([](SavedState& s) { s.boosts[0].target = {}; });
  spoiled([](SavedState& s) { s.boosts[0].target.pod = "../x"; });
  spoiled([](SavedState& s) { s.boosts[0].target.kind = Target::Kind::cgroup; });
  spoiled([](SavedState& s) { s.boosts[1].target.cgroup = "a"; });
  spoiled([](SavedState& s) { s.boosts[1].target.cgroup = "/a/"; });
  spoiled([](SavedState& s) { s.boosts[1].target.pid = 42; });
  spoiled([](SavedState& s) { s.boosts[0].weight = 15; });
  spoiled([](SavedState& s) { s.boosts[0].ttl = 0ms; });
  spoiled([](SavedState& s) { s.boosts[0].ttl = 31 * 24h; });
  spoiled([](SavedState& s) { s.boosts[0].left = -1ms; });
  spoiled([](SavedState& s) { s.boosts[0].left = 2h + 1ms; });
  spoiled([](SavedState& s) { s.boosts[1].left = 1ms; });
  spoiled([](SavedState& s) { s.next = ~0ULL; });
  spoiled([](SavedState& s) { s.version = ~0ULL; });
  spoiled([](SavedState& s) { s.written.wall = -1ms; });
  spoiled([](SavedState& s) { s.written.wall = milliseconds::max(); });
  spoiled([](SavedState& s) { s.written.boottime = milliseconds::min(); });
  spoiled([](SavedState& s) { s.written.boot.assign(100, 'a'); });
  spoiled([](SavedState& s) {
    while (s.boosts.size() <= DesiredState::kCapacity) {
      s.boosts.push_back(s.boosts[0]);
      s.boosts.back().number = s.next++;
      s.boosts.back().target.pod = "p" + std::to_string(s.next);
    }
  });
}

TEST_CASE("what a pod has declared is kept, and one whose time is up is known as spent", "[saved]") {
  DesiredState desired;
  REQUIRE(desired.put(wish(pod_target("redis", "shop"))));
  auto declared = wish(pod_target("redis", "shop"));
  declared.target.uid = "aa";
  declared.ttl = 10min;
  declared.expires = kStart + 10min;
  declared.declared = true;
  REQUIRE(desired.put(declared));
  const auto saved = to_saved(desired, kWritten, kStart);
  REQUIRE(check_saved(saved));
  CHECK(saved.boosts.at(0).declared);
  const auto soon = restore(saved, later(1min), kStart);
  CHECK(soon.desired.find(2)->declared);
  CHECK_FALSE(soon.desired.find(2)->spent);
  const auto late = restore(saved, later(1h), kStart);
  CHECK(late.desired.find(2)->spent);
  CHECK(late.ended.size() == 1);
  const auto later_still = to_saved(late.desired, later(1h), kStart);
  REQUIRE(check_saved(later_still));
  CHECK(restore(later_still, later(2h), kStart).ended.empty());

  auto anonymous = saved;
  anonymous.boosts[0].target.uid.clear();
  CHECK_FALSE(check_saved(anonymous));
}
