// SPDX-License-Identifier: Apache-2.0
#include "core/boosts.hpp"

#include <catch2/catch_test_macros.hpp>

#include "mus/abi.h"

using namespace mus;

TEST_CASE("the nearest boosted directory above gives the weight", "[boosts]") {
  const PathWeights weights{{"/kubepods/pod1", 4096}, {"/kubepods/pod1/c1", MUS_WEIGHT_ONE}};
  CHECK(weight_of(weights, "/kubepods/pod1") == 4096);
  CHECK(weight_of(weights, "/kubepods/pod1/c2/x/y") == 4096);
  CHECK(weight_of(weights, "/kubepods/pod1/c1/x") == MUS_WEIGHT_ONE);
  CHECK(weight_of(weights, "/kubepods/pod11") == MUS_WEIGHT_ONE);
  CHECK(weight_of(weights, "/kubepods") == MUS_WEIGHT_ONE);
  CHECK(weight_of(weights, "/") == MUS_WEIGHT_ONE);
  CHECK(weight_of(weights, "") == MUS_WEIGHT_ONE);
}

TEST_CASE("changes turn one map into the other, removals first", "[boosts]") {
  const Policies from{{CgroupId{1}, 10}, {CgroupId{2}, 20}, {CgroupId{3}, 30}};
  const Policies to{{CgroupId{0}, 5}, {CgroupId{2}, 20}, {CgroupId{3}, 31}};
  CHECK(changes(from, to) ==
        std::vector<PolicyChange>{{CgroupId{1}, std::nullopt}, {CgroupId{0}, 5}, {CgroupId{3}, 31}});
  CHECK(changes(from, from).empty());
  CHECK(changes(from, {{CgroupId{1}, 10}, {CgroupId{2}, {20, 4}}, {CgroupId{3}, 30}}) ==
        std::vector<PolicyChange>{{CgroupId{2}, Policy{20, 4}}});
}
