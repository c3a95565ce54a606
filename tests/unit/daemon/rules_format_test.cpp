// SPDX-License-Identifier: Apache-2.0
#include "daemon/rules_format.hpp"

#include <catch2/catch_test_macros.hpp>

#include "daemon/lined_json.hpp"

namespace mus {
namespace {

using namespace std::chrono_literals;

std::string wrong(const std::string& text) {
  const auto rules = parse_rules(text);
  return rules ? std::string("accepted") : rules.error().message;
}

/// The one rule with these fields besides name and selector.
std::string with(const std::string& fields) {
  return R"({"rules": [{"name": "r", "for": {"pod": "p"}, )" + fields + "}]}";
}

TEST_CASE("rules as they are written become what they say") {
  const auto rules = parse_rules(R"({
    "limits": {"boosts": 4, "share": 0.5},
    "rules": [
      {"name": "asked", "for": {"namespace": "shop", "pod": "redis-*", "container": "server"},
       "when": {"signal": "received_packets", "above": 1000, "for": "2s"}, "until": {"below": 500, "for": "1m"},
       "weight": 8192, "ttl": "1h", "cool_down": "10s", "dry_run": true},
      {"name": "waits", "for": {"label": "app=web"}, "target": {"run_delay_p99": "2ms", "min": 2000, "max": 9000}},
      {"name": "yield", "for": {"unit": "batch"}, "weight": 64,
       "when": {"signal": "run_delay_p99", "above": "5ms", "of": {"cgroup": "/shop/"}}}
    ]})");
  REQUIRE(rules);
  CHECK(rules->most_boosts == 4);
  CHECK(rules->most_share == 0.5);
  REQUIRE(rules->rules.size() == 3);
  const auto& asked = rules->rules[0];
  CHECK(asked.about.container == "server");
  CHECK(asked.when == Condition{Signal::received_packets, {true, 1000}, 2s});
  CHECK(asked.until == Until{{false, 500}, 60s});
  CHECK(asked.weight == 8192);
  CHECK(asked.ttl == 1h);
  CHECK(asked.cool_down == 10s);
  CHECK(asked.dry_run);
  CHECK(rules->rules[1].target == DelayTarget{2000, 2000, 9000});
  const auto& yield = rules->rules[2];
  CHECK(yield.about.unit == "batch.service");
  CHECK(yield.when->of->cgroup == "/shop");
  CHECK(yield.when->is == Comparison{true, 5000});
  CHECK(yield.until == Until{{false, 5000}, 10s});
}

TEST_CASE("what is wrong is told with its line, the rule's name and what to write instead") {
  CHECK(wrong("{\n \"rules\": [\n  {\"name\": \"web\", \"for\": {\"pod\": \"p\"},\n   \"when\": {\"signal\": "
              "\"packets\"}}]}")
            .find("line 4: rule web: when.signal is to be one of received_packets, sent_packets") == 0);
  CHECK(wrong("{\n \"rules\": [\n  {\"name\": \"web\",\n   \"weight\":\n 7\n}]}")
            .find("line 3: rule web: for is missing") == 0);
  CHECK(wrong(with(R"("when": {"signal": "cpu_use", "above": 1}, "weight": 7)")) ==
        "line 1: rule r: weight is not between 16 and 102400");
  CHECK(wrong("{\"rules\": [}") == "line 1: this is no JSON");
  CHECK(wrong("\n\n{\"rules\": [],\n\"rules\": []}") == "line 4: something has the same name twice");
  CHECK(wrong("[]") == "line 1:  is a list, not an object");
}

TEST_CASE("nonsense is refused, each with a reason") {
  const auto when = std::string(R"("when": {"signal": "cpu_use", "above": 1})");
  CHECK(wrong(with(when)).find("wants a weight") != std::string::npos);
  CHECK(wrong(with(when + R"(, "weight": 1024)")).find("what it has anyway") != std::string::npos);
  CHECK(wrong(with(when + R"(, "weight": 2048.5)")).find("no whole number") != std::string::npos);
  CHECK(wrong(with(when + R"(, "weight": "much")")).find("weight is a text, not a number") != std::string::npos);
  CHECK(wrong(with(when + R"(, "weight": 64, "wait": 1)")).find("there is no field wait") != std::string::npos);
  CHECK(wrong(with(when + R"(, "weight": 64, "until": {"above": 2})")).find("until is to say below") !=
        std::string::npos);
  CHECK(wrong(with(when + R"(, "weight": 64, "until": {"below": 2})")).find("overlap") != std::string::npos);
  CHECK(wrong(with(when + R"(, "weight": 64, "ttl": "10ms")")).find("shorter than 1s") != std::string::npos);
  CHECK(wrong(with(when + R"(, "weight": 64, "cool_down": "soon")")).find("no duration") != std::string::npos);
  CHECK(wrong(with(when + R"(, "weight": 64, "target": {"run_delay_p99": "2ms"})")).find("either when or target") !=
        std::string::npos);
  CHECK(wrong(with(R"("target": {"run_delay_p99": "2ms", "min": 1024})")).find("target.min is not between 1025") !=
        std::string::npos);
  CHECK(wrong(with(R"("target": {"run_delay_p99": "2ms"}, "ttl": "1m")")).find("ttl goes with when") !=
        std::string::npos);
  CHECK(wrong(with(R"("target": {"run_delay_p99": "2ms", "min": 3000, "max": 2000})")).find("above target.max") !=
        std::string::npos);
  CHECK(wrong(with(R"("when": {"signal": "throttled", "above": 20}, "weight": 64)")).find("0.2 is 20 %") !=
        std::string::npos);
  CHECK(wrong(with(R"("when": {"signal": "run_delay_p99", "above": 2}, "weight": 64)")).find("no duration") !=
        std::string::npos);
  CHECK(wrong(R"({"rules": [{"name": "a", "for": {}, "target": {"run_delay_p99": "2ms"}}]})").find("names nobody") !=
        std::string::npos);
  CHECK(wrong(R"({"rules": [{"name": "a", "for": {"pod": "x", "unit": "y"}, "target": {"run_delay_p99": "2ms"}}]})")
            .find("several kinds") != std::string::npos);
  CHECK(wrong(R"({"rules": [{"name": "a", "for": {"cgroup": "/../x"}, "target": {"run_delay_p99": "2ms"}}]})") !=
        "accepted");
  CHECK(
      wrong(R"({"rules": [{"name": "a b", "for": {"pod": "x"}, "target": {"run_delay_p99": "2ms"}}]})").find("name") !=
      std::string::npos);
  const auto twice = std::string(R"({"name": "a", "for": {"pod": "x"}, "target": {"run_delay_p99": "2ms"}})");
  CHECK(wrong(R"({"rules": [)" + twice + "," + twice + "]}").find("another rule has this name") != std::string::npos);
  CHECK(wrong(std::string(kMostRulesBytes + 1, ' ')).find("larger than") != std::string::npos);
  CHECK(wrong(std::string(100, '[')).find("nested too deeply") != std::string::npos);
}

TEST_CASE("a value is in the line in which it is, numbers at the end of a line included") {
  const auto json = parse_lined_json("{\n\"a\": 1\n,\n\"b\": [true,\n\"x\"]\n}\n");
  REQUIRE(json);
  CHECK(json->find("a")->line == 2);
  CHECK(json->find("b")->line == 4);
  CHECK(json->find("b")->items.at(1).line == 5);
}

}  // namespace
}  // namespace mus
