// SPDX-License-Identifier: Apache-2.0
#include "kernel/bpf_stats.hpp"

#include <catch2/catch_test_macros.hpp>
#include <set>
#include <string>

using namespace mus;

TEST_CASE("every counter of the ABI has a name, once") {
  CHECK(counter_names().size() == MUS_NR_COUNTERS);
  const std::set<std::string> names(counter_names().begin(), counter_names().end());
  CHECK(names.size() == MUS_NR_COUNTERS);
}
