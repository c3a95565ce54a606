// SPDX-License-Identifier: Apache-2.0
#include "kernel/policy_table.hpp"

#include <catch2/catch_test_macros.hpp>

#include "mus/abi.h"

using namespace mus;

namespace {
CgroupId id(std::uint64_t n) {
  return CgroupId{n};
}
}  // namespace

TEST_CASE("a full table refuses another cgroup, and takes changes of those that it has") {
  PolicyTable table;
  for (std::uint64_t i = 1; i <= MUS_MAX_POLICIES; ++i) {
    REQUIRE(table.check(id(i), 4096));
    table.set(id(i), 4096);
  }
  const auto refused = table.check(id(MUS_MAX_POLICIES + 1), 4096);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::capacity);
  CHECK(table.check(id(7), 2048));
  table.remove(id(7));
  CHECK(table.check(id(MUS_MAX_POLICIES + 1), 4096));
}

TEST_CASE("an entry is the whole policy, a lifted limit too, and the last one set counts") {
  PolicyTable table;
  table.set(id(7), 4096);
  table.set(id(8), {4096, 3});
  CHECK(table.policies() == std::vector<std::pair<CgroupId, Policy>>{{id(7), 4096}, {id(8), {4096, 3}}});
  table.set(id(8), {512, 2});
  CHECK(table.policies() == std::vector<std::pair<CgroupId, Policy>>{{id(7), 4096}, {id(8), {512, 2}}});
}

TEST_CASE("weights off the scale are refused with the scale") {
  const PolicyTable table;
  for (const std::uint32_t weight : {0U, 15U, 102401U, 4294967295U}) {
    const auto policy = table.check(id(1), weight);
    REQUIRE_FALSE(policy);
    CHECK(policy.error().code == Errc::invalid_argument);
    CHECK(policy.error().advice.find("102400") != std::string::npos);
  }
  CHECK(table.check(id(1), MUS_WEIGHT_MIN));
  CHECK(table.check(id(1), MUS_WEIGHT_MAX));
}

TEST_CASE("the heaviest weight is at least 1024 and follows removals") {
  PolicyTable table;
  CHECK(table.max_weight() == MUS_WEIGHT_ONE);
  table.set(id(1), 16);
  CHECK(table.max_weight() == MUS_WEIGHT_ONE);
  table.set(id(2), 8192);
  CHECK(table.max_weight() == 8192);
  table.remove(id(2));
  CHECK(table.max_weight() == MUS_WEIGHT_ONE);
}
