// SPDX-License-Identifier: Apache-2.0
// When CPU time is divided anew, and when it is not.
#include "daemon/share_keeper.hpp"

#include <sys/eventfd.h>

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <future>
#include <mutex>
#include <thread>

#include "daemon/fd.hpp"

using namespace mus;
using namespace std::chrono_literals;

namespace {

constexpr auto kPatience = 10s;

class FakeShares final : public CgroupShares {
 public:
  Waiting waiting() override {
    eventfd_t rings = 0;
    eventfd_read(bell.get(), &rings);
    if (++looks == kLooks) looked.set_value();
    return busy;
  }
  [[nodiscard]] int contention_fd() const override { return bell.get(); }
  Result<std::vector<CgroupRecord>> walk() override {
    if (++walks <= failures) return fail(Errc::io, "the test says so");
    std::vector<CgroupRecord> cgroups{{CgroupId{7}, {}, 3, 1024, 1024, 1, 100}};
    if (rival) cgroups.push_back({CgroupId{8}, {}, 4, 1024, 1024, 1, 100});
    return cgroups;
  }
  [[nodiscard]] CgroupMeter meter(std::uint32_t flow) override { return {flow * 1000ULL + reads++, 0, {}}; }
  void set(const ShareUpdate& update) override {
    if (sets++ == 0) first.set_value(update);
  }

  static constexpr int kLooks = 4;
  OwnedFd bell{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::atomic<Waiting> busy = Waiting::several;
  std::atomic<bool> rival = false;
  int failures = 0;
  std::atomic<int> looks = 0;
  std::atomic<int> walks = 0;
  std::atomic<int> sets = 0;
  std::atomic<unsigned> reads = 0;  ///< of meters
  std::promise<void> looked;        ///< kLooks times
  std::promise<ShareUpdate> first;
};

}  // namespace

TEST_CASE("while tasks wait for CPUs the tree is walked and divided", "[share_keeper]") {
  const auto shares = std::make_shared<FakeShares>();
  auto first = shares->first.get_future();
  TreeWatch watch;
  const ShareKeeper keeper(watch, [=] { return shares; });
  REQUIRE(first.wait_for(kPatience) == std::future_status::ready);
  const auto update = first.get();
  REQUIRE(update.flows.size() == 1);
  CHECK(update.flows[0].flow == 3);
}

TEST_CASE("while none does, nothing is walked and nobody looks, until the scheduler tells", "[share_keeper]") {
  const auto shares = std::make_shared<FakeShares>();
  shares->busy = Waiting::nobody;
  auto looked = shares->looked.get_future();
  auto first = shares->first.get_future();
  TreeWatch watch;
  const ShareKeeper keeper(watch, [=] { return shares; });
  REQUIRE(looked.wait_for(kPatience) == std::future_status::ready);
  CHECK(first.wait_for(1s) == std::future_status::timeout);
  const int looks = shares->looks;
  CHECK(first.wait_for(500ms) == std::future_status::timeout);
  CHECK(shares->looks == looks);
  CHECK(shares->walks == 0);
  shares->busy = Waiting::several;
  eventfd_write(shares->bell.get(), 1);
  CHECK(first.wait_for(kPatience) == std::future_status::ready);
}

TEST_CASE("while one cgroup alone waits nothing is walked, once its rivals are forgotten, until several do",
          "[share_keeper]") {
  const auto shares = std::make_shared<FakeShares>();
  shares->rival = true;
  TreeWatch watch;
  const ShareKeeper keeper(watch, [=] { return shares; });
  const auto walked_more_than = [&](int walks) {
    const auto until = Clock::now() + kPatience;
    while (shares->walks <= walks && Clock::now() < until) std::this_thread::sleep_for(5ms);
    return shares->walks > walks;
  };
  REQUIRE(walked_more_than(0));
  shares->busy = Waiting::one;
  CHECK(walked_more_than(shares->walks + 3));  // its rival was seen with it just now
  shares->rival = false;
  const auto until = Clock::now() + kPatience;
  int walks = -1;
  while (walks != shares->walks && Clock::now() < until) {
    walks = shares->walks;
    std::this_thread::sleep_for(500ms);
  }
  CHECK(walks == shares->walks);
  shares->busy = Waiting::several;
  eventfd_write(shares->bell.get(), 1);
  CHECK(walked_more_than(walks + 3));
}

TEST_CASE("a scheduler that comes later is found when somebody asks", "[share_keeper]") {
  const auto shares = std::make_shared<FakeShares>();
  auto first = shares->first.get_future();
  std::atomic<bool> attached = false;
  std::promise<void> missed;
  std::atomic<bool> once = false;
  TreeWatch watch;
  const ShareKeeper keeper(watch, [&]() -> std::shared_ptr<CgroupShares> {
    if (attached) return shares;
    if (!once.exchange(true)) missed.set_value();
    return nullptr;
  });
  REQUIRE(missed.get_future().wait_for(kPatience) == std::future_status::ready);
  attached = true;
  watch.ask();
  CHECK(first.wait_for(kPatience) == std::future_status::ready);
}

TEST_CASE("a walk that fails leaves the shares as they are, and is tried again", "[share_keeper]") {
  const auto shares = std::make_shared<FakeShares>();
  shares->failures = 2;
  auto first = shares->first.get_future();
  TreeWatch watch;
  const ShareKeeper keeper(watch, [=] { return shares; });
  REQUIRE(first.wait_for(kPatience) == std::future_status::ready);
  CHECK(shares->walks >= 3);
}

TEST_CASE("without an attached scheduler it waits, and ends when asked to", "[share_keeper]") {
  std::promise<void> asked;
  std::atomic<bool> once = false;
  {
    TreeWatch watch;
    const ShareKeeper keeper(watch, [&]() -> std::shared_ptr<CgroupShares> {
      if (!once.exchange(true)) asked.set_value();
      return nullptr;
    });
    REQUIRE(asked.get_future().wait_for(kPatience) == std::future_status::ready);
  }
  SUCCEED("joined");
}

TEST_CASE("the services are asked for once in a while, not at every look, and only for a floor", "[share_keeper]") {
  for (const double floor : {0.1, 0.0}) {
    const auto shares = std::make_shared<FakeShares>();
    auto looked = shares->looked.get_future();
    std::atomic<int> asked = 0;
    TreeWatch watch;
    const ShareKeeper keeper(
        watch, [=] { return shares; },
        [&] {
          ++asked;
          return std::vector<CgroupId>{CgroupId{7}};
        },
        {0.75, floor});
    REQUIRE(looked.wait_for(kPatience) == std::future_status::ready);
    CHECK(asked == (floor > 0 ? 1 : 0));
  }
}

TEST_CASE("who asks for a look gets figures that are at most a second old, and meters are read no oftener",
          "[share_keeper]") {
  const auto shares = std::make_shared<FakeShares>();
  TreeWatch watch;
  const ShareKeeper keeper(watch, [=] { return shares; });
  const auto first = watch.recent(0ms, kPatience);
  REQUIRE(first);
  REQUIRE((*first)->figures);
  CHECK((*first)->figures->find(CgroupId{7})->cpu_time_ns == 3000);
  const auto until = Clock::now() + 1500ms;
  while (Clock::now() < until) REQUIRE(watch.recent(0ms, kPatience));
  const auto later = watch.recent(0ms, kPatience);
  CHECK((*later)->figures->find(CgroupId{7})->cpu_time_ns > 3000);
  CHECK(shares->reads <= 3);
  CHECK(shares->walks > 10);
}

TEST_CASE("meters are read once in a while also where nobody asks and no task waits", "[share_keeper]") {
  const auto shares = std::make_shared<FakeShares>();
  shares->busy = Waiting::nobody;
  TreeWatch watch;
  const auto current = [=] { return shares; };
  const ShareKeeper keeper(watch, current, {}, {}, 100ms);
  const auto until = Clock::now() + kPatience;
  while (shares->reads < 2 && Clock::now() < until) std::this_thread::sleep_for(10ms);
  CHECK(shares->reads >= 2);
}

TEST_CASE("another attached scheduler's figures begin at 0", "[share_keeper]") {
  std::mutex mutex;
  auto current = std::make_shared<FakeShares>();
  TreeWatch watch;
  const ShareKeeper keeper(watch, [&] {
    const std::lock_guard lock(mutex);
    return current;
  });
  REQUIRE(watch.recent(0ms, kPatience));
  {
    const std::lock_guard lock(mutex);
    current = std::make_shared<FakeShares>();
  }
  const auto view = watch.recent(0ms, kPatience);
  REQUIRE(view);
  CHECK((*view)->figures->find(CgroupId{7})->cpu_time_ns == 3000);
}
