// SPDX-License-Identifier: Apache-2.0
#include "daemon/event_log.hpp"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <thread>
#include <vector>

using namespace mus;
using namespace std::chrono_literals;

namespace {

void add(EventRing& ring, int count) {
  for (int i = 0; i < count; ++i) ring.add(EventKind::applied, {"b1", {}, {}, {}, {}, {}}, "n" + std::to_string(i));
}

}  // namespace

TEST_CASE("events are read in order from any id on, with ids that grow by one", "[events]") {
  EventRing ring;
  const auto begin = ring.last();
  CHECK(ring.since(begin, 10).events.empty());
  add(ring, 5);
  CHECK(ring.last() == begin + 5);
  const auto all = ring.since(0, 10);
  REQUIRE(all.events.size() == 5);
  CHECK_FALSE(all.lost);
  CHECK(all.events.front().id == begin + 1);
  CHECK(all.events.front().message == "n0");
  CHECK(all.events.front().subject.boost == "b1");
  CHECK(all.last == begin + 5);

  const auto some = ring.since(begin + 2, 2);
  REQUIRE(some.events.size() == 2);
  CHECK(some.events.front().id == begin + 3);
  CHECK(some.last == begin + 4);
  CHECK_FALSE(some.lost);
  CHECK(ring.since(begin + 5, 2).events.empty());
  CHECK_FALSE(ring.since(begin + 5, 2).lost);
}

TEST_CASE("what the ring has dropped is told, and what is of no present log, too", "[events]") {
  EventRing ring(3);
  const auto begin = ring.last();
  add(ring, 10);
  auto batch = ring.since(begin + 1, 10);
  CHECK(batch.lost);
  REQUIRE(batch.events.size() == 3);
  CHECK(batch.events.front().id == begin + 8);
  CHECK_FALSE(ring.since(begin + 7, 10).lost);
  CHECK(ring.since(begin + 6, 10).lost);
  CHECK(ring.since(0, 10).lost);

  for (const std::uint64_t id : {std::uint64_t{5}, begin + 11, UINT64_MAX}) {
    batch = ring.since(id, 10);
    CHECK(batch.lost);
    CHECK(batch.events.size() == 3);
  }
  EventRing empty;
  CHECK(empty.since(5, 10).lost);
  CHECK_FALSE(empty.since(0, 10).lost);
  CHECK(empty.since(5, 10).last == empty.last());
}

TEST_CASE("the ids of a later run are greater, and exact as a double", "[events]") {
  auto now = std::chrono::system_clock::time_point(std::chrono::seconds(4'000'000'000));  // the year 2096
  EventRing first(10, [&] { return now; });
  add(first, 500);
  now += 1ms;
  const EventRing second(10, [&] { return now; });
  CHECK(second.last() + 1 > first.last());
  CHECK(second.last() < (std::uint64_t{1} << 53U));
  CHECK(second.since(first.last(), 1).lost);
}

TEST_CASE("a clock before 1970 does not stop the log", "[events]") {
  EventRing ring(10, [] { return std::chrono::system_clock::time_point(-std::chrono::hours(24)); });
  CHECK(ring.last() == 0);
  add(ring, 2);
  CHECK(ring.since(0, 10).events.size() == 2);
  CHECK(ring.since(1, 10).events.size() == 1);
}

TEST_CASE("one event never takes more than its share of memory, and is not cut within a character", "[events]") {
  EventRing ring;
  EventSubject subject;
  subject.pod = std::string(100'000, 'p');
  subject.cgroup = Cgroup{CgroupId{1}, std::string(100'000, '/')};
  std::string message(EventRing::kMessage - 1, 'm');
  message += "\xc3\xa4";
  ring.add(EventKind::refused, subject, message + std::string(100'000, 'x'));
  const auto event = ring.since(0, 1).events.at(0);
  CHECK(event.message == message.substr(0, EventRing::kMessage - 1));
  CHECK(event.subject.pod.size() <= 256);
  CHECK(event.subject.cgroup->path.size() <= 4096);
}

TEST_CASE("listeners are woken by every event until they let go, also after the log has gone", "[events]") {
  auto ring = std::make_unique<EventRing>();
  int first = 0;
  int second = 0;
  auto one = ring->listen([&] { ++first; });
  auto two = ring->listen([&] { ++second; });
  add(*ring, 2);
  one.reset();
  add(*ring, 1);
  CHECK(first == 2);
  CHECK(second == 3);
  ring.reset();
  two.reset();
}

TEST_CASE("threads that add, read and listen do not disturb each other", "[events]") {
  EventRing ring(64);
  const auto begin = ring.last();
  std::atomic<int> woken = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 3; ++t) threads.emplace_back([&] { add(ring, 500); });
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        const auto handle = ring.listen([&] { ++woken; });
        const auto batch = ring.since(0, 10);
        for (std::size_t k = 1; k < batch.events.size(); ++k) {
          if (batch.events[k].id != batch.events[k - 1].id + 1) std::abort();
        }
      }
    });
  }
  CHECK(ring.last() == begin + 1500);
}
