// SPDX-License-Identifier: Apache-2.0
#include "core/meter_book.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <random>

using namespace mus;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint kBegan{1000h};

CgroupRecord cgroup(std::uint64_t id, std::uint64_t parent, std::uint32_t flow, std::uint32_t birth = 1) {
  CgroupRecord record;
  record.id = CgroupId{id};
  record.parent = CgroupId{parent};
  record.flow = flow;
  record.birth = birth;
  return record;
}

CgroupMeter meter(std::uint64_t cpu, std::uint64_t wait = 0, std::uint32_t waits = 0, std::size_t bucket = 0) {
  CgroupMeter out{cpu, wait, {}};
  out.waits[bucket] = waits;
  return out;
}

std::uint64_t cpu(const CgroupFigures& figures, std::uint64_t id) {
  const auto* stats = figures.find(CgroupId{id});
  return stats == nullptr ? 0 : stats->cpu_time_ns;
}

}  // namespace

TEST_CASE("a cgroup has what its threads and those of all cgroups below it have done", "[meters]") {
  MeterBook book(kBegan);
  const std::vector<CgroupRecord> tree{cgroup(1, 0, 1), cgroup(2, 1, 2), cgroup(3, 2, 3), cgroup(4, 1, 4)};
  const auto figures = book.add(tree, {meter(0), meter(10, 5, 2), meter(100), meter(1000, 7, 1, 9)}, kBegan + 1s);
  CHECK(cpu(*figures, 1) == 1110);
  CHECK(cpu(*figures, 2) == 110);
  CHECK(cpu(*figures, 3) == 100);
  CHECK(cpu(*figures, 4) == 1000);
  const auto& top = *figures->find(CgroupId{1});
  CHECK(top.wait_ns == 12);
  CHECK(top.waits == 3);
  CHECK(top.delays[0] == 2);
  CHECK(top.delays[9] == 1);
  CHECK(figures->find(CgroupId{5}) == nullptr);
}

TEST_CASE("counts that wrap in the scheduler's meters go on", "[meters]") {
  MeterBook book(kBegan);
  (void)book.add({cgroup(1, 0, 1)}, {meter(0, 0, 0xfffffff0U)}, kBegan + 1s);
  const auto figures = book.add({cgroup(1, 0, 1)}, {meter(0, 0, 0x10U)}, kBegan + 2s);
  CHECK(figures->find(CgroupId{1})->waits == 0x100000010ULL);
}

TEST_CASE("what a cgroup did stays with the one above it when it is gone, also when that goes with it", "[meters]") {
  MeterBook book(kBegan);
  const auto top = cgroup(1, 0, 1);
  (void)book.add({top, cgroup(2, 1, 2), cgroup(3, 2, 3)}, {meter(1), meter(10), meter(100)}, kBegan + 1s);
  auto figures = book.add({top, cgroup(2, 1, 2)}, {meter(1), meter(20)}, kBegan + 2s);
  CHECK(cpu(*figures, 1) == 121);
  CHECK(cpu(*figures, 2) == 120);
  figures = book.add({top, cgroup(4, 1, 4), cgroup(5, 4, 5)}, {meter(1), meter(0), meter(7)}, kBegan + 3s);
  CHECK(cpu(*figures, 1) == 128);
  figures = book.add({top}, {meter(1)}, kBegan + 4s);
  CHECK(cpu(*figures, 1) == 128);
}

TEST_CASE("a flow that is another cgroup's now begins at 0, one whose cgroup comes back goes on", "[meters]") {
  MeterBook book(kBegan);
  (void)book.add({cgroup(1, 0, 1), cgroup(2, 1, 2, 5)}, {meter(0), meter(100)}, kBegan + 1s);
  auto figures = book.add({cgroup(1, 0, 1), cgroup(3, 1, 2, 6)}, {meter(0), meter(30)}, kBegan + 2s);
  CHECK(cpu(*figures, 3) == 30);
  CHECK(cpu(*figures, 1) == 130);
  (void)book.add({cgroup(1, 0, 1)}, {meter(0)}, kBegan + 3s);  // nobody is in it just now
  figures = book.add({cgroup(1, 0, 1), cgroup(3, 1, 2, 6)}, {meter(0), meter(50)}, kBegan + 4s);
  CHECK(cpu(*figures, 1) == 150);
}

TEST_CASE("a cgroup for which there was no flow adds nothing", "[meters]") {
  MeterBook book(kBegan);
  const auto figures = book.add({cgroup(1, 0, 1), cgroup(2, 1, 0)}, {meter(5), meter(1000)}, kBegan + 1s);
  CHECK(cpu(*figures, 1) == 5);
  CHECK(cpu(*figures, 2) == 0);
}

TEST_CASE("recent figures forget what is longer ago than two windows, and what the dead did then", "[meters]") {
  MeterBook book(kBegan);
  const auto window = std::chrono::duration_cast<std::chrono::milliseconds>(MeterBook::kWindow);
  const auto recent = [&](const CgroupFigures& figures) { return figures.find(CgroupId{1})->recent_cpu_time_ns; };
  auto figures = book.add({cgroup(1, 0, 1), cgroup(2, 1, 2)}, {meter(100, 0, 4, 20), meter(50)}, kBegan + 1s);
  CHECK(recent(*figures) == 150);
  CHECK(figures->find(CgroupId{1})->recent.waits == 4);
  CHECK(figures->find(CgroupId{1})->window == 1s);
  for (int i = 1; i <= 3; ++i) {
    figures = book.add({cgroup(1, 0, 1)}, {meter(100 + static_cast<unsigned>(i), 0, 4, 20)}, kBegan + i * window);
  }
  CHECK(recent(*figures) == 2);  // those of the last two windows
  CHECK(figures->find(CgroupId{1})->window == 2 * window);
  CHECK(figures->find(CgroupId{1})->recent.waits == 0);
  CHECK(figures->find(CgroupId{1})->waits == 4);
}

TEST_CASE("no sum of a cgroup that stays ever goes down, and all that is read is in the top's", "[meters]") {
  std::mt19937 random(5);
  for (int round = 0; round < 50; ++round) {
    MeterBook book(kBegan);
    std::map<std::uint64_t, CgroupRecord> live;  // parents have smaller ids
    std::map<std::uint32_t, std::uint64_t> counters;
    std::uint64_t next = 1;
    std::uint32_t births = 0;
    std::uint64_t total = 0;
    std::map<std::uint64_t, std::uint64_t> last;
    live[next] = cgroup(next, 0, 1, ++births);
    for (int step = 0; step < 60; ++step) {
      if (live.size() < 12 && random() % 2 == 0) {
        auto parent = std::next(live.begin(), static_cast<std::ptrdiff_t>(random() % live.size()))->first;
        std::uint32_t flow = 2;
        while (std::ranges::any_of(live, [&](const auto& entry) { return entry.second.flow == flow; })) ++flow;
        counters[flow] = 0;
        ++next;
        live[next] = cgroup(next, parent, flow, ++births);
      } else if (live.size() > 1 && random() % 3 == 0) {
        const auto victim =
            std::next(live.begin(), 1 + static_cast<std::ptrdiff_t>(random() % (live.size() - 1)))->first;
        std::vector<std::uint64_t> gone{victim};
        for (const auto& [id, record] : live) {
          if (std::ranges::find(gone, to_u64(record.parent)) != gone.end()) gone.push_back(id);
        }
        for (const auto id : gone) live.erase(id);
      }
      std::vector<CgroupRecord> records;
      std::vector<CgroupMeter> meters;
      for (const auto& [id, record] : live) {
        const auto ran = random() % 1000;
        total += ran;
        counters[record.flow] += ran;
        records.push_back(record);
        meters.push_back(meter(counters[record.flow]));
      }
      const auto figures = book.add(records, meters, kBegan + step * 3s);
      REQUIRE(cpu(*figures, 1) == total);
      for (const auto& [id, record] : live) {
        REQUIRE(cpu(*figures, id) >= last[id]);
        last[id] = cpu(*figures, id);
      }
    }
  }
}
