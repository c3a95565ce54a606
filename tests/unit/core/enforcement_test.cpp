// SPDX-License-Identifier: Apache-2.0
#include "core/enforcement.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace mus;
using Level = CheckItem::Level;

namespace {

const Enforcement kWeight{"cpu.weight"};
const Enforcement kMax{"cpu.max", false, "no cfs_bandwidth", "boot another"};
const Enforcement kIdle{"cpu.idle", false, "no idle", "boot another"};
const Enforcement kChosen{"cpu.weight", false, "turned off", {}, true};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("what cannot be enforced is refused by name, with reasons and the option that accepts it", "[enforcement]") {
  const auto refusal = find_refusal({kWeight, kMax, kIdle}, {});
  REQUIRE(refusal);
  CHECK(refusal->code == Errc::unsupported);
  CHECK(refusal->message == "cpu.max,cpu.idle cannot be enforced here: no cfs_bandwidth; no idle");
  CHECK(refusal->advice == "boot another; or accept that with --allow-unenforced cpu.max,cpu.idle");
}

TEST_CASE("only what is named is accepted, and what is enforced needs no name", "[enforcement]") {
  CHECK(find_refusal({kWeight, kMax, kIdle}, {"cpu.max"})->message == "cpu.idle cannot be enforced here: no idle");
  CHECK(find_refusal({kWeight, kMax, kIdle}, {"cpu.weight"}));
  CHECK_FALSE(find_refusal({kWeight, kMax, kIdle}, {"cpu.idle", "cpu.max"}));
  CHECK_FALSE(find_refusal({kWeight}, {}));
}

TEST_CASE("what an option has turned off is no reason to refuse", "[enforcement]") {
  CHECK_FALSE(find_refusal({kChosen}, {}));
  CHECK(find_refusal({kChosen, kMax}, {})->message == "cpu.max cannot be enforced here: no cfs_bandwidth");
}

TEST_CASE("without a cpu controller nothing is enforced, and the one reason is told once", "[enforcement]") {
  const Error why{Errc::unsupported, "cpu is on cgroup v1", "boot with v2"};
  const auto settings = without_controller({kWeight, {"cpu.max"}, {"cpu.idle"}}, why);
  for (const auto& setting : settings) {
    CHECK_FALSE(setting.enforced);
    CHECK(setting.detail == why.message);
  }
  CHECK(find_refusal(settings, {})->message ==
        "cpu.weight,cpu.max,cpu.idle cannot be enforced here: cpu is on cgroup v1");
  CHECK(without_controller({kChosen}, why)[0].detail == "turned off");
}

TEST_CASE("check fails for what is not enforced, and warns where that is accepted or chosen", "[enforcement]") {
  const auto items = to_check_items({kWeight, kMax, kIdle}, {"cpu.idle"});
  REQUIRE(items.size() == 3);
  CHECK(items[0].level == Level::ok);
  CHECK(items[0].detail == "enforced");
  CHECK(items[1].level == Level::failure);
  CHECK(has(items[1].detail, "not enforced: no cfs_bandwidth"));
  CHECK(has(items[1].advice, "--allow-unenforced cpu.max"));
  CHECK(items[2].level == Level::warning);
  CHECK(items[2].advice == "boot another");
  CHECK(to_check_items({kChosen}, {})[0].level == Level::warning);
  CHECK(to_check_items({{"cpu.max", true, "there are none"}}, {})[0].detail == "there are none");
}

TEST_CASE("the log's line tells both sides", "[enforcement]") {
  CHECK(enforced_summary({kWeight, kMax}) == "enforced: cpu.weight; not enforced: cpu.max (no cfs_bandwidth)");
  CHECK(enforced_summary({kWeight}) == "enforced: cpu.weight");
  CHECK(has(enforced_summary(none_enforced("dry run")), "not enforced: cpu.weight (dry run), cpu.max (dry run)"));
}
