// SPDX-License-Identifier: Apache-2.0
#include "kernel/policy_slots.hpp"

#include <catch2/catch_test_macros.hpp>
#include <random>
#include <set>

using namespace mus;

namespace {
CgroupId id(std::uint64_t n) {
  return CgroupId{n};
}
}  // namespace

TEST_CASE("live entries never share a statistics slot, through random sets and removals") {
  PolicySlots slots;
  std::mt19937 random(11);
  for (int i = 0; i < 5000; ++i) {
    const auto which = id(1 + random() % 1500);
    if (random() % 3 == 0) {
      slots.remove(which);
    } else if (const auto policy = slots.plan(which, 1024 + random() % 4096)) {
      slots.commit(which, *policy);
    } else {
      REQUIRE(policy.error().code == Errc::capacity);
      REQUIRE(slots.entries().size() == MUS_MAX_POLICIES);
    }
    std::set<std::uint32_t> seen;
    for (const auto& [key, policy] : slots.entries()) {
      REQUIRE(policy.slot < MUS_MAX_POLICIES);
      REQUIRE(seen.insert(policy.slot).second);
    }
  }
}

TEST_CASE("a changed weight keeps the slot, so that its statistics go on") {
  PolicySlots slots;
  slots.commit(id(7), *slots.plan(id(7), 4096));
  slots.commit(id(8), *slots.plan(id(8), 2048));
  const auto before = slots.entries().at(id(8)).slot;
  slots.commit(id(8), *slots.plan(id(8), 512));
  CHECK(slots.entries().at(id(8)).slot == before);
  CHECK(slots.entries().at(id(8)).weight == 512);
}

TEST_CASE("a lifted limit is part of the entry, and changing it keeps the slot") {
  PolicySlots slots;
  slots.commit(id(7), *slots.plan(id(7), 4096));
  slots.commit(id(8), *slots.plan(id(8), {4096, 3}));
  CHECK(slots.entries().at(id(7)).lifted_from == 0);
  CHECK(slots.entries().at(id(8)).lifted_from == 3);
  const auto before = slots.entries().at(id(8)).slot;
  CHECK(slots.plan(id(8), {4096, 2})->slot == before);
  CHECK(slots.policies() == std::vector<std::pair<CgroupId, Policy>>{{id(7), 4096}, {id(8), {4096, 3}}});
}

TEST_CASE("weights off the scale are refused with the scale") {
  const PolicySlots slots;
  for (const std::uint32_t weight : {0U, 15U, 102401U, 4294967295U}) {
    const auto policy = slots.plan(id(1), weight);
    REQUIRE_FALSE(policy);
    CHECK(policy.error().code == Errc::invalid_argument);
    CHECK(policy.error().advice.find("102400") != std::string::npos);
  }
  CHECK(slots.plan(id(1), MUS_WEIGHT_MIN));
  CHECK(slots.plan(id(1), MUS_WEIGHT_MAX));
}

TEST_CASE("the heaviest weight is at least 1024 and follows removals") {
  PolicySlots slots;
  CHECK(slots.max_weight() == MUS_WEIGHT_ONE);
  slots.commit(id(1), *slots.plan(id(1), 16));
  CHECK(slots.max_weight() == MUS_WEIGHT_ONE);
  slots.commit(id(2), *slots.plan(id(2), 8192));
  CHECK(slots.max_weight() == 8192);
  slots.remove(id(2));
  CHECK(slots.max_weight() == MUS_WEIGHT_ONE);
}

TEST_CASE("every counter of the ABI has a name, once") {
  CHECK(counter_names().size() == MUS_NR_COUNTERS);
  const std::set<std::string> names(counter_names().begin(), counter_names().end());
  CHECK(names.size() == MUS_NR_COUNTERS);
}
