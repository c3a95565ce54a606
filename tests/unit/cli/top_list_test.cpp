// SPDX-License-Identifier: Apache-2.0
// What `top` makes of the daemon's answers, and in which order it shows it.
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <nlohmann/json.hpp>

#include "cli/top/list.hpp"
#include "cli/top/node.hpp"

using namespace mus;
using namespace mus::top;
using namespace std::chrono_literals;
using Json = nlohmann::json;

namespace {

ContainerRow container(const std::string& name, std::optional<double> cpus) {
  ContainerRow one;
  one.id = one.name = name;
  one.cpus = cpus;
  return one;
}

std::vector<std::string> names(const List& list) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < list.size(); ++i) out.push_back(list.at(i).name);
  return out;
}

using Names = std::vector<std::string>;

ContainerRow counted(const std::string& id, double cpu_seconds, double periods = 0, double throttled = 0) {
  ContainerRow one;
  one.id = id;
  one.counters = {cpu_seconds, periods, throttled};
  return one;
}

}  // namespace

TEST_CASE("the largest come first, unknown ones last in either order", "[top]") {
  List list;
  list.set({container("a", 0.5), container("b", std::nullopt), container("c", 2), container("d", 0.5)});
  CHECK(names(list) == Names{"c", "a", "d", "b"});
  list.invert();
  CHECK(names(list) == Names{"a", "d", "c", "b"});
}

TEST_CASE("another column sorts by its figures, names go from A to Z, and after the last comes the first", "[top]") {
  List list;
  auto light = container("light", 2);
  auto heavy = container("heavy", 1);
  heavy.weight = 4096;
  list.set({light, heavy});
  REQUIRE(list.column() == Column::cpus);
  list.sort_by_next(1);
  list.sort_by_next(1);
  REQUIRE(list.column() == Column::weight);
  CHECK(names(list) == Names{"heavy", "light"});
  for (int i = 0; i < kColumns; ++i) list.sort_by_next(1);
  CHECK(list.column() == Column::weight);
  for (int i = 0; i < 3; ++i) list.sort_by_next(-1);
  REQUIRE(list.column() == Column::name);
  CHECK_FALSE(list.descending());
  CHECK(names(list) == Names{"heavy", "light"});
}

TEST_CASE("a filter finds small and large letters anywhere in the name", "[top]") {
  List list;
  list.set({container("shop/Redis-0/server", 1), container("shop/web-1/nginx", 2)});
  list.filter("rEDis");
  CHECK(names(list) == Names{"shop/Redis-0/server"});
  CHECK(list.all() == 2);
  list.filter("nothing of that kind");
  CHECK(list.size() == 0);
  CHECK(list.chosen() == nullptr);
  list.filter("");
  CHECK(list.size() == 2);
}

TEST_CASE("the first is chosen, whichever it is, until another one is, which is followed where it goes", "[top]") {
  List list;
  list.set({container("a", 3), container("b", 2), container("c", 1)});
  CHECK(list.chosen()->name == "a");
  list.set({container("a", 1), container("b", 2), container("c", 3)});
  CHECK(list.chosen()->name == "c");
  list.move(1);
  CHECK(list.chosen()->name == "b");
  list.set({container("a", 1), container("b", 0), container("c", 3)});
  CHECK(list.chosen()->name == "b");
  CHECK(list.is_chosen(2));
  list.to_first();
  list.set({container("a", 9), container("b", 0), container("c", 3)});
  CHECK(list.chosen()->name == "a");
}

TEST_CASE("a chosen one that goes leaves its place to its neighbour", "[top]") {
  List list;
  list.set({container("a", 3), container("b", 2), container("c", 1)});
  list.move(1);
  list.set({container("a", 3), container("c", 1)});
  CHECK(list.chosen()->name == "c");
  list.set({});
  CHECK(list.chosen() == nullptr);
  list.move(1);
  list.set({container("a", 3)});
  CHECK(list.chosen()->name == "a");
}

TEST_CASE("the window follows the chosen one, and stays full", "[top]") {
  List list;
  std::vector<ContainerRow> many;
  for (int i = 0; i < 100; ++i) many.push_back(container("c" + std::to_string(i), 100 - i));
  list.set(many);
  list.fit(10);
  CHECK(list.first() == 0);
  list.move(9);
  CHECK(list.first() == 0);
  list.move(1);
  CHECK(list.first() == 1);
  list.to_last();
  CHECK(list.first() == 90);
  list.fit(20);
  CHECK(list.first() == 80);
  list.move(-1000);
  CHECK(list.first() == 0);
}

TEST_CASE("rates are what counters grew by over the last seconds", "[top]") {
  Rates rates;
  const TimePoint start{};
  const auto cpus_at = [&](std::chrono::milliseconds at, double cpu_seconds) {
    std::vector<ContainerRow> one{counted("a", cpu_seconds)};
    rates.add(one, start + at);
    return one[0].cpus;
  };
  CHECK_FALSE(cpus_at(0s, 10));  // one reading has no rate
  CHECK(cpus_at(1s, 10.5).value() == Catch::Approx(0.5));
  for (int second = 2; second <= 10; ++second) cpus_at(std::chrono::seconds(second), 10.5);
  CHECK(cpus_at(11s, 10.5).value() == Catch::Approx(0));
  CHECK(cpus_at(12s, 14.5).value() == Catch::Approx(4.0 / 4).margin(0.25));
}

TEST_CASE("a counter that went down begins anew", "[top]") {
  Rates rates;
  std::vector<ContainerRow> one{counted("a", 100)};
  rates.add(one, TimePoint{});
  one = {counted("a", 1)};
  rates.add(one, TimePoint{} + 1s);
  CHECK_FALSE(one[0].cpus);
  one = {counted("a", 2)};
  rates.add(one, TimePoint{} + 2s);
  CHECK(one[0].cpus.value() == Catch::Approx(1));
}

TEST_CASE("throttled is the part of the periods of late, not since the start", "[top]") {
  Rates rates;
  std::vector<ContainerRow> one{counted("a", 0, 1000, 1000)};
  rates.add(one, TimePoint{});
  one = {counted("a", 0, 1010, 1002)};
  rates.add(one, TimePoint{} + 1s);
  CHECK(one[0].throttled.value() == Catch::Approx(0.2));
  one = {counted("b", 0, 0, 0)};
  rates.add(one, TimePoint{} + 2s);
  CHECK_FALSE(one[0].throttled);
}

TEST_CASE("a container and its boost are read from the answers", "[top]") {
  const auto status = Json::parse(R"({"scheduler": {"state": "attached", "dry_run": false, "reason": null},
    "kernel": "7.3.0", "version": "0.1.0", "uptime_seconds": 61,
    "boosts": [{"id": "b1", "weight": 4096, "expires_in_seconds": 59.5, "pending": null,
      "target": {"kind": "pod", "pod": "redis-0", "namespace": "shop"},
      "applied": [{"cgroup_path": "/kubepods.slice/pod1.slice"}]}]})");
  const auto pods = Json::parse(R"({"pods": [{"namespace": "shop", "pod": "redis-0", "uid": "u", "container": "server",
    "container_id": "c", "cgroup_path": "/kubepods.slice/pod1.slice/c.scope", "weight": 4096, "share_cpus": 1.5,
    "cpu_seconds": 12.5, "run_delay": {"waits": 10, "p50_us": 40, "p99_us": 900},
    "limit": {"quota_us": 50000, "period_us": 100000, "periods": 10, "throttled_periods": 4}},
    {"namespace": "shop", "pod": "other", "container": "main", "cgroup_path": "/kubepods.slice/pod10.slice/d.scope",
    "weight": 1024, "run_delay": {"waits": 0, "p50_us": 0, "p99_us": 0}, "limit": null, "cpu_seconds": null}]})");
  const auto node = read_node(status, pods);
  CHECK(node.attached);
  CHECK(node.scheduler == "attached");
  REQUIRE(node.containers.size() == 2);
  const auto& redis = node.containers[0];
  CHECK(redis.name == "shop/redis-0/server");
  CHECK(redis.weight == 4096);
  CHECK(redis.boost_left.value() == Catch::Approx(59.5));
  CHECK(redis.limit_cpus.value() == Catch::Approx(0.5));
  CHECK(redis.p99_us.value() == Catch::Approx(900));
  CHECK(redis.counters.value().throttled_periods == Catch::Approx(4));
  const auto& other = node.containers[1];
  CHECK_FALSE(other.p50_us);
  CHECK_FALSE(other.counters);
  CHECK_FALSE(other.boost_left);
  REQUIRE(node.boosts.size() == 1);
  CHECK(covers(node.boosts[0], redis));
  CHECK_FALSE(covers(node.boosts[0], other));  // pod10 is not below pod1
  CHECK(node.boosts[0].target.pod == "redis-0");
}

TEST_CASE("a scheduler that is not attached says why and when it tries again", "[top]") {
  const auto status = Json::parse(
      R"({"scheduler": {"state": "fallback", "reason": "SysRq-S", "next_attempt_in_seconds": 90, "dry_run": false}})");
  const auto node = read_node(status, Json());
  CHECK_FALSE(node.attached);
  CHECK(node.scheduler == "fallback: SysRq-S, next attempt in 1m30s");
}

TEST_CASE("answers of any shape are read without a crash", "[top]") {
  for (const auto* text : {"null", "[]", "3", R"({"scheduler": 3, "boosts": {"a": 1}, "pods": 7})",
                           R"({"boosts": [1, null, {"applied": 3, "target": []}], "pods": [1, null, {"limit": 3}]})",
                           R"({"pods": [{"weight": -1, "cpu_seconds": "x", "run_delay": []}]})"}) {
    const auto json = Json::parse(text);
    CHECK_NOTHROW(read_node(json, json));
  }
}
