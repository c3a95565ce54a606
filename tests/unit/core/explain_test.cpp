// SPDX-License-Identifier: Apache-2.0
#include "core/explain.hpp"

#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <regex>

#include "core/figures.hpp"
#include "unit/core/view.hpp"

using namespace mus;
using namespace mus::test;
using Catch::Approx;
using Kind = Binding::Kind;

namespace {

CgroupLevel level(std::uint64_t id, const std::string& path, double limit = 0, bool idle = false) {
  CgroupLevel out;
  out.cgroup = {CgroupId{id}, path};
  out.limit = limit;
  out.idle = idle;
  return out;
}

const std::vector<CgroupLevel> kRedis{level(2, "/burstable"), level(3, "/burstable/redis")};

Binding binding_of(const TreeView& view, std::uint64_t id, const std::vector<CgroupLevel>& levels,
                   const Policies& policies = {}, const GuardOptions& guards = kNoGuards) {
  const DividedTree tree(view, policies, guards);
  return standing(Forecast(tree), place(view, id), levels).binds;
}

std::vector<std::string> warnings_of(const TreeView& view, std::uint64_t id, const Policy& policy,
                                     const std::vector<CgroupLevel>& levels = {}) {
  const DividedTree tree(view, {{CgroupId{id}, policy}});
  return warnings(tree, place(view, id), {"shop/it", levels});
}

}  // namespace

TEST_CASE("each level shows who competes there and what share that leaves", "[explain]") {
  const auto view = busy_node();
  const DividedTree tree(view, {}, kNoGuards);
  const auto levels = explain_levels(tree, kRedis);
  REQUIRE(levels.size() == 2);
  CHECK(levels[0].known);
  CHECK(levels[0].active_siblings == 2);
  CHECK(levels[0].rivals == Approx(40).margin(0.1));
  CHECK(levels[0].share == Approx(24 / 64.0).margin(0.002));
  CHECK(levels[1].active_siblings == 1);
  CHECK(levels[1].share == Approx(4 / 24.0).margin(0.002));
  CHECK(share_of_node(levels) == Approx(0.0625).margin(0.001));
}

TEST_CASE("a sibling that sleeps is no rival, threads of the level above are one", "[explain]") {
  const auto view = look(1, {{1, 0, 100, 2}, {2, 1, 100, 1}, {3, 1, 100, 0}});
  const DividedTree tree(view, {}, kNoGuards);
  const auto levels = explain_levels(tree, {level(1, "/a"), level(2, "/a/b")});
  CHECK(levels[0].active_siblings == 0);
  CHECK(levels[0].share == 1);
  CHECK(levels[1].active_siblings == 0);
  CHECK(levels[1].rivals == Approx(200));
}

TEST_CASE("a level that the scheduler has not seen has no figures", "[explain]") {
  const auto view = busy_node();
  const DividedTree tree(view, {}, kNoGuards);
  const auto levels = explain_levels(tree, {level(2, "/burstable"), level(99, "/burstable/new")});
  CHECK(levels[0].known);
  CHECK_FALSE(levels[1].known);
}

TEST_CASE("what binds is told apart", "[explain]") {
  SECTION("the others' shares, on a busy node") {
    const auto binds = binding_of(busy_node(), 3, kRedis);
    CHECK(binds.kind == Kind::share);
    CHECK(binds.sentence.find("0.06 of 1 CPUs") != std::string::npos);
  }
  SECTION("nothing, where there is CPU time left") {
    CHECK(binding_of(look(4, {{1, 0, 100, 1}, {2, 0, 1, 1}}), 2, {level(2, "/b")}).kind == Kind::nothing);
  }
  SECTION("its own threads, when it needs less than it may") {
    CHECK(binding_of(busy_node(0.2), 1, {level(1, "/app")}).kind == Kind::threads);
  }
  SECTION("a limit, which is named, also on a node with CPU time left") {
    for (const double others : {8.0, 0.1}) {
      const auto view = look(4, {{1, 0, 100, others}, {2, 0, 100, 0, 0.5}, {3, 2, 100, 6, 2}});
      const auto binds = binding_of(view, 3, {level(2, "/pod", 0.5), level(3, "/pod/c", 2)});
      CHECK(binds.kind == Kind::limit);
      CHECK(binds.path == "/pod");
      CHECK(binds.sentence.find("cpu.max of /pod: 0.5 CPUs") != std::string::npos);
    }
  }
  SECTION("of several limits the one that is shared with others, when that leaves less than a tighter one") {
    const auto view = look(8, {{1, 0, 100, 0, 2}, {2, 1, 100, 8, 1.9}, {3, 1, 100, 8}});
    CHECK(binding_of(view, 2, {level(1, "/pod", 2), level(2, "/pod/c", 1.9)}).path == "/pod");
  }
  SECTION("of two limits that are alike the lower") {
    const auto view = look(8, {{1, 0, 100, 0, 2}, {2, 1, 100, 8, 2}});
    CHECK(binding_of(view, 2, {level(1, "/pod", 2), level(2, "/pod/c", 2)}).path == "/pod/c");
  }
  SECTION("not a limit that is lifted") {
    const auto view = look(2, {{1, 0, 100, 8}, {2, 0, 100, 8, 0.5}});
    const std::vector<CgroupLevel> levels{level(2, "/b", 0.5)};
    CHECK(binding_of(view, 2, levels).kind == Kind::limit);
    CHECK(binding_of(view, 2, levels, {{CgroupId{2}, Policy(4096, 1)}}).kind == Kind::share);
    const DividedTree tree(view, {{CgroupId{2}, Policy(4096, 1)}});
    CHECK(explain_levels(tree, levels)[0].lifted);
  }
  SECTION("the boost ceiling") {
    const auto view = look(1, {{1, 0, 100, 4}, {2, 0, 100, 4}});
    CHECK(binding_of(view, 2, {level(2, "/b")}, {{CgroupId{2}, Policy(102400)}}, {0.75, 0}).kind == Kind::ceiling);
    CHECK(binding_of(view, 2, {level(2, "/b")}, {{CgroupId{2}, Policy(2048)}}, {0.75, 0}).kind == Kind::share);
  }
}

TEST_CASE("the effective weight is that of a child of the root with as much", "[explain]") {
  const auto view = busy_node();
  const DividedTree tree(view, {{CgroupId{3}, Policy(4096)}}, kNoGuards);
  const auto stands = standing(Forecast(tree), place(view, 3), kRedis);
  CHECK(stands.weight == 4096);
  CHECK(stands.factor == Approx(4));
  CHECK(stands.effective_weight == Approx(16).margin(0.2));  // 24 x 4/24 x 4
  CHECK(stands.entitled == Approx(0.211).margin(0.004));
}

TEST_CASE("a boost that leaves little is warned of, with a weight that is enough", "[explain]") {
  const auto view = busy_node();
  const auto found = warnings_of(view, 5, 4096);
  REQUIRE(found.size() == 1);
  CHECK(found[0].find("even with this boost shop/it is entitled to 6 % of the node (0.06 of 1 CPUs)") == 0);
  std::smatch match;
  REQUIRE(std::regex_search(found[0], match, std::regex("raise the weight to ([0-9]+) for 25 %")));
  const auto weight = static_cast<std::uint32_t>(std::stoul(match[1]));
  const DividedTree enough(view, {{CgroupId{5}, Policy(weight)}});
  CHECK(Forecast(enough).entitled(place(view, 5)) >= 0.25);
  const DividedTree less(view, {{CgroupId{5}, Policy(weight * 9 / 10)}});
  CHECK(Forecast(less).entitled(place(view, 5)) < 0.25);
  CHECK(warnings_of(view, 5, weight).empty());
}

TEST_CASE("of a large node one CPU is enough", "[explain]") {
  const auto view = look(64, {{1, 0, 1000, 64}, {2, 0, 4, 1}});
  const auto found = warnings_of(view, 2, 2048);
  REQUIRE(found.size() == 1);
  CHECK(found[0].find("for 2 %") != std::string::npos);
  CHECK(warnings_of(view, 2, 8192).empty());
}

TEST_CASE("where the largest weight is not enough, that is said", "[explain]") {
  const auto view = look(4, {{1, 0, 10000, 8}, {2, 0, 1, 1}});
  const auto found = warnings_of(view, 2, 4096);
  REQUIRE(found.size() == 1);
  CHECK(found[0].find("with the largest weight") != std::string::npos);
  CHECK(found[0].find("raise") == std::string::npos);
}

TEST_CASE("no boost and a good boost need no warning", "[explain]") {
  CHECK(warnings_of(busy_node(), 5, 1024).empty());
  CHECK(warnings_of(busy_node(), 5, 512).empty());
  CHECK(warnings_of(busy_node(), 1, 4096).empty());
}

TEST_CASE("a limit below the entitlement is warned of, one above it is not", "[explain]") {
  const auto tight = look(2, {{1, 0, 100, 8}, {2, 0, 100, 8, 0.5}});
  const auto found = warnings_of(tight, 2, 4096, {level(2, "/pod", 0.5)});
  REQUIRE(found.size() == 1);
  CHECK(found[0].find("limited to 0.5 CPUs by cpu.max of /pod") != std::string::npos);
  CHECK(found[0].find("ignore_limit=true") != std::string::npos);
  const auto wide = look(2, {{1, 0, 100, 8}, {2, 0, 100, 8, 1.9}});
  CHECK(warnings_of(wide, 2, 4096, {level(2, "/pod", 1.9)}).empty());
}

TEST_CASE("who lifts limits is not told to lift the one above", "[explain]") {
  const auto view = look(2, {{1, 0, 100, 8}, {2, 0, 100, 0, 0.5}, {3, 2, 100, 8}});
  const auto found = warnings_of(view, 3, Policy(4096, 2), {level(2, "/pod", 0.5), level(3, "/pod/it")});
  REQUIRE(found.size() == 1);
  CHECK(found[0].find("limited to 0.5 CPUs by cpu.max of /pod") != std::string::npos);
  CHECK(found[0].find("it is above what a boost may lift") != std::string::npos);
}

TEST_CASE("a boost below cpu.idle is told that it gives no preference, with and without a look at the tree",
          "[explain]") {
  const Boosted boosted{"shop/it", {level(1, "/idle", 0, true), level(2, "/idle/it", 0, true)}};
  const auto found = warnings_without_tree(boosted);
  REQUIRE(found.size() == 1);
  CHECK(found[0] == "cpu.idle of /idle covers shop/it: a boost gives it a larger share, no preference");
  const auto view = look(1, {{1, 0, 100}, {2, 1, 100, 4}});
  const DividedTree tree(view, {{CgroupId{2}, Policy(4096)}});
  CHECK(warnings(tree, place(view, 2), boosted) == found);
}

TEST_CASE("figures in sentences are short", "[explain]") {
  CHECK(figure(0.25) == "0.25");
  CHECK(figure(12) == "12");
  CHECK(figure(10.5) == "10.5");
  CHECK(figure(0) == "0");
  CHECK(figure(0.004) == "less than 0.01");
  CHECK(percent(0.0004) == "less than 0.1 %");
  CHECK(percent(0.0625) == "6 %");
  CHECK(percent(0.003) == "0.3 %");
  CHECK(percent(1) == "100 %");
}
