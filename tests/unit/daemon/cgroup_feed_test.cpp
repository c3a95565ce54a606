// SPDX-License-Identifier: Apache-2.0
#include "daemon/cgroup_feed.hpp"

#include <catch2/catch_test_macros.hpp>
#include <utility>
#include <vector>

#include "support/event_collector.hpp"
#include "unit/daemon/fakes.hpp"

using namespace mus;
using namespace mus::test;
using namespace std::chrono_literals;

namespace {

class FakeWatch final : public CgroupWatch {
 public:
  [[nodiscard]] int fd() const override { return -1; }
  [[nodiscard]] CgroupNews read() override { return std::exchange(unread, {}); }
  [[nodiscard]] CgroupNews refresh() override {
    ++refreshed;
    return std::exchange(overlooked, {});
  }
  [[nodiscard]] CgroupNews also_watch(const std::vector<Cgroup>& cgroups) override {
    asked.push_back(cgroups);
    return std::exchange(mistaken, {});
  }
  [[nodiscard]] CgroupWatchState state() const override { return now; }

  CgroupNews unread, overlooked, mistaken;
  CgroupWatchState now;
  int refreshed = 0;
  std::vector<std::vector<Cgroup>> asked;
};

struct Feed {
  Feed() { start_logging("off", false); }

  FakeWatch watch;
  EventCollector told;
  int followed = 0;
  std::vector<Cgroup> places;
  bool following = true;
  CgroupFeed feed{watch, told, [this] { ++followed; }, [this] { return places; }, [this] { return following; }};
  TimePoint now{std::chrono::hours(1)};
};

CgroupNews gone(std::uint64_t id) {
  return {{{CgroupId{id}, "/x"}}, {}, false};
}

}  // namespace

TEST_CASE_METHOD(Feed, "news are passed on at once, and nothing is when there are none", "[watch]") {
  feed.ready();
  CHECK(followed == 0);
  watch.unread = gone(7);
  feed.ready();
  CHECK(followed == 1);
  watch.unread.overflow = true;
  feed.ready();
  CHECK(followed == 2);
}

TEST_CASE_METHOD(Feed, "everything is looked at first and then every half a minute", "[watch]") {
  watch.overlooked = gone(1);
  feed.tick(now);
  CHECK(watch.refreshed == 1);
  CHECK(followed == 1);
  feed.tick(now + 29s);
  CHECK(watch.refreshed == 1);
  feed.tick(now + 30s);
  CHECK(watch.refreshed == 2);
}

TEST_CASE_METHOD(Feed, "with nothing that could follow, everything is looked at once and then when there is something",
                 "[watch]") {
  following = false;
  for (const auto later : {0s, 30s, 60s}) feed.tick(now + later);
  CHECK(watch.refreshed == 1);
  following = true;
  feed.tick(now + 61s);
  CHECK(watch.refreshed == 2);
  feed.tick(now + 62s);
  CHECK(watch.refreshed == 2);
}

TEST_CASE_METHOD(Feed, "places that count are watched, and what the watch knows better is passed on", "[watch]") {
  feed.tick(now);
  CHECK(watch.asked.empty());
  places = {{CgroupId{5}, "/system.slice/x.service"}, {{}, "/later"}};
  watch.mistaken = gone(5);
  for (int i = 0; i < 3; ++i) feed.tick(now);
  REQUIRE(watch.asked.size() == 1);
  CHECK(watch.asked[0] == places);
  CHECK(followed == 1);
  places.clear();
  feed.tick(now);
  REQUIRE(watch.asked.size() == 2);
  CHECK(watch.asked[1].empty());
}

TEST_CASE_METHOD(Feed, "trouble with watching is told when it begins and when it ends", "[watch]") {
  feed.tick(now);
  CHECK(told.take().empty());
  watch.now.trouble = Error{Errc::capacity, "no more watches", "raise the limit"};
  for (const auto later : {30s, 60s}) feed.tick(now + later);
  auto events = told.take();
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == EventKind::degraded);
  CHECK(events[0].message == "no more watches: raise the limit");
  watch.now.trouble.reset();
  feed.tick(now + 90s);
  events = told.take();
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == EventKind::recovered);
}
