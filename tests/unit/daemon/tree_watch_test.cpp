// SPDX-License-Identifier: Apache-2.0
// Between those who ask for a look at the tree and the one who looks.
#include "daemon/tree_watch.hpp"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <thread>
#include <vector>

using namespace mus;
using namespace std::chrono_literals;

namespace {

/// Answers every question, and counts.
class Looker {
 public:
  explicit Looker(TreeWatch& watch)
      : thread_([this, &watch](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            if (!watch.wait(stop, 1h)) continue;
            const int number = ++looks;
            if (fails) {
              watch.failed({Errc::io, "look " + std::to_string(number), {}});
              continue;
            }
            auto view = std::make_shared<TreeView>();
            view->cpus = number;
            watch.publish(std::move(view));
          }
        }) {}

  std::atomic<int> looks = 0;
  std::atomic<bool> fails = false;

 private:
  std::jthread thread_;
};

}  // namespace

TEST_CASE("who asks wakes the one who looks, however long he would sleep", "[tree_watch]") {
  TreeWatch watch;
  const Looker looker(watch);
  const auto view = watch.recent(0ms, 10s);
  REQUIRE(view);
  CHECK((*view)->cpus == 1);
}

TEST_CASE("a look can be asked for without waiting for it", "[tree_watch]") {
  TreeWatch watch;
  watch.ask();
  CHECK(watch.wait({}, 0ms));
  watch.publish(std::make_shared<TreeView>());
  CHECK_FALSE(watch.wait({}, 0ms));
}

TEST_CASE("a view from before a change is old, whatever its age", "[tree_watch]") {
  TreeWatch watch;
  const Looker looker(watch);
  const auto before = watch.recent(0ms, 10s);
  REQUIRE(before);
  watch.ask();
  const auto after = watch.recent(1h, 10s);
  REQUIRE(after);
  CHECK(*before != *after);
}

TEST_CASE("a view that is young enough is shared, an older one is not", "[tree_watch]") {
  TreeWatch watch;
  const Looker looker(watch);
  const auto first = watch.recent(0ms, 10s);
  const auto again = watch.recent(1h, 10s);
  REQUIRE(first);
  REQUIRE(again);
  CHECK(*first == *again);
  std::this_thread::sleep_for(2ms);
  CHECK((*watch.recent(1ms, 10s))->cpus == 2);
  CHECK((*first)->cpus == 1);  // still what it was
}

TEST_CASE("nobody who looks: the asker gives up in time, and the next look serves later askers", "[tree_watch]") {
  TreeWatch watch;
  const auto none = watch.recent(1h, 5ms);
  REQUIRE_FALSE(none);
  CHECK(none.error().code == Errc::unavailable);
  const Looker looker(watch);
  CHECK(watch.recent(0ms, 10s));
}

TEST_CASE("a look that fails tells why, and is not taken for a view", "[tree_watch]") {
  TreeWatch watch;
  Looker looker(watch);
  REQUIRE(watch.recent(0ms, 10s));
  looker.fails = true;
  CHECK(watch.recent(0ms, 10s).error().message == "look 2");
  looker.fails = false;
  CHECK((*watch.recent(1h, 10s))->cpus == 3);
}

TEST_CASE("many who ask at once are all answered", "[tree_watch]") {
  TreeWatch watch;
  const Looker looker(watch);
  std::atomic<int> answered = 0;
  {
    std::vector<std::jthread> askers;
    for (int i = 0; i < 8; ++i) {
      askers.emplace_back([&] {
        for (int k = 0; k < 50; ++k) answered += watch.recent(0ms, 10s) ? 1 : 0;
      });
    }
  }
  CHECK(answered == 400);
}
