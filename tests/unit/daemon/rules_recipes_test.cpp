// SPDX-License-Identifier: Apache-2.0
// The recipes of docs/rules.md, as they are written there.
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <sstream>

#include "daemon/rules_format.hpp"
#include "unit/core/rule_world.hpp"

namespace mus::test {
namespace {

/// The rules of the n-th block of JSON.
RuleSet recipe(std::size_t n) {
  std::ostringstream text;
  text << std::ifstream("../docs/rules.md").rdbuf();
  const std::string fence = "```json\n";
  auto at = text.str().find(fence);
  for (std::size_t i = 0; i < n; ++i) at = text.str().find(fence, at + 1);
  REQUIRE(at != std::string::npos);
  const auto block = text.str().substr(at + fence.size());
  auto rules = parse_rules(block.substr(0, block.find("```")));
  if (!rules) FAIL(rules.error().message);
  return *rules;
}

TEST_CASE("recipe: a cache is boosted while it is asked, and does not flap around its threshold") {
  RuleWorld world({"redis-0", "web"});
  world.rules = recipe(0);
  world.match();
  world.packets["redis-0"] = 5000;
  world.pass();
  CHECK(world.weight_of("redis-0") == 8192);
  for (int i = 0; i < 30; ++i) {
    world.packets["redis-0"] = i % 2 == 0 ? 1100 : 500;
    world.pass();
  }
  CHECK(world.events.size() == 1);
  world.packets["redis-0"] = 10;
  world.pass(17);
  CHECK(world.weight_of("redis-0") == 1024);
}

TEST_CASE("recipe: a web service is given what its waits take, and no more") {
  RuleWorld world({"web-1"});
  world.rules = recipe(1);
  world.rules.rules.at(0).about.pod = "web-*";  // this world knows no labels
  world.match();
  world.uses["web-1"] = 0.4;
  world.wait_long("web-1", 50);
  world.pass();
  const auto broken = world.weight_of("web-1");
  CHECK(broken > 2000);
  for (int i = 0; i < 10; ++i) {
    world.wait_long("web-1", 0);
    world.pass();
  }
  CHECK(world.weight_of("web-1") > 1100);
  CHECK(world.weight_of("web-1") < broken);
}

TEST_CASE("recipe: a batch job makes way while others wait") {
  RuleWorld world({"report-1", "web-1"});
  world.rules = recipe(2);
  world.rules.rules.at(0).when->of->pod = "web-*";  // nor namespaces
  world.match();
  for (int i = 0; i < 5; ++i) {
    world.wait_long("web-1", 50);
    world.pass();
  }
  CHECK(world.weight_of("report-1") == 128);
  for (int i = 0; i < 65; ++i) {
    world.wait_long("web-1", 0);
    world.pass();
  }
  CHECK(world.weight_of("report-1") == 1024);
}

}  // namespace
}  // namespace mus::test
