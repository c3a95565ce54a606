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
  std::vector<CgroupNews> followed;
  CgroupFeed feed{watch, told, [this](const CgroupNews& news) { followed.push_back(news); }};
  TimePoint now{std::chrono::hours(1)};
};

CgroupNews gone(std::uint64_t id) {
  return {{{CgroupId{id}, "/x"}}, {}, false};
}

}  // namespace

TEST_CASE_METHOD(Feed, "news are passed on at once, and nothing is when there are none", "[watch]") {
  feed.ready();
  CHECK(followed.empty());
  watch.unread = gone(7);
  feed.ready();
  REQUIRE(followed.size() == 1);
  CHECK(followed[0].gone.at(0).id == CgroupId{7});
  watch.unread.overflow = true;
  feed.ready();
  CHECK(followed.size() == 2);
}

TEST_CASE_METHOD(Feed, "everything is looked at first and then every half a minute", "[watch]") {
  watch.overlooked = gone(1);
  feed.tick(nullptr, now);
  CHECK(watch.refreshed == 1);
  CHECK(followed.size() == 1);
  feed.tick(nullptr, now + 29s);
  CHECK(watch.refreshed == 1);
  feed.tick(nullptr, now + 30s);
  CHECK(watch.refreshed == 2);
}

TEST_CASE_METHOD(Feed, "what is boosted is watched, and what the watch knows better is passed on", "[watch]") {
  auto status = std::make_shared<StatusSnapshot>();
  feed.tick(status, now);
  CHECK(watch.asked.empty());
  status = std::make_shared<StatusSnapshot>();
  Boost boost;
  boost.applied.push_back({{CgroupId{5}, "/system.slice/x.service"}, {}, {}, {}, {}, 4096});
  status->boosts.push_back(boost);
  watch.mistaken = gone(5);
  feed.tick(status, now);
  feed.tick(status, now);
  feed.tick(std::make_shared<StatusSnapshot>(*status), now);
  REQUIRE(watch.asked.size() == 1);
  CHECK(watch.asked[0] == std::vector{Cgroup{CgroupId{5}, "/system.slice/x.service"}});
  CHECK(followed.size() == 1);
  feed.tick(std::make_shared<StatusSnapshot>(), now);
  REQUIRE(watch.asked.size() == 2);
  CHECK(watch.asked[1].empty());
}

TEST_CASE_METHOD(Feed, "trouble with watching is told when it begins and when it ends", "[watch]") {
  feed.tick(nullptr, now);
  CHECK(told.take().empty());
  watch.now.trouble = Error{Errc::capacity, "no more watches", "raise the limit"};
  for (const auto later : {30s, 60s}) feed.tick(nullptr, now + later);
  auto events = told.take();
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == EventKind::degraded);
  CHECK(events[0].message == "no more watches: raise the limit");
  watch.now.trouble.reset();
  feed.tick(nullptr, now + 90s);
  events = told.take();
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == EventKind::recovered);
}

TEST_CASE("the entry of a cgroup that has gone leaves the scheduler's map at once", "[service]") {
  Node node;
  REQUIRE(node.service.prioritize(boost("nginx")));
  const Cgroup pod{node.id("/kubepods/podcc"), "/kubepods/podcc"};
  REQUIRE(node.map().contains(pod.id));
  CgroupNews news;
  news.gone = {{CgroupId{99999}, "/other"}};
  node.service.follow(news);
  CHECK(node.map().contains(pod.id));
  news.gone.push_back(pod);
  node.service.follow(news);
  CHECK(node.map().empty());
  const auto boosts = node.service.boosts();
  REQUIRE(boosts.size() == 1);
  CHECK(boosts[0].applied.empty());
  CHECK_FALSE(boosts[0].pending.empty());
}
