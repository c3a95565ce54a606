// SPDX-License-Identifier: Apache-2.0
#include "api/metrics.hpp"

#include <catch2/catch_test_macros.hpp>
#include <regex>
#include <set>
#include <sstream>

using namespace mus;
using namespace std::chrono_literals;

namespace {

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

Boost boost(const std::string& name, CgroupId id) {
  Boost out;
  out.id = name;
  out.applied.resize(1);
  out.applied[0].cgroup.id = id;
  return out;
}

}  // namespace

TEST_CASE("every metric family is declared before anything has happened") {
  const auto text = metrics_text({});
  for (const auto* name : {"mus_scheduler_wakeups_total 0",
                           "mus_scheduler_direct_dispatches_total 0",
                           "mus_scheduler_shared_enqueues_total 0",
                           "mus_scheduler_pinned_enqueues_total 0",
                           "mus_scheduler_preemptions_total 0",
                           "mus_scheduler_steals_total 0",
                           "mus_scheduler_kept_total 0",
                           "mus_scheduler_reenqueues_total 0",
                           "mus_scheduler_relieved_total 0",
                           "mus_scheduler_balanced_total 0",
                           "mus_scheduler_parks_total 0",
                           "mus_scheduler_attached 0",
                           "mus_scheduler_attaches_total 0",
                           "mus_scheduler_ejections_total 0",
                           "mus_boosts 0",
                           "mus_limited_cgroups 0",
                           "mus_limit_periods_total 0",
                           "mus_limit_throttled_periods_total 0",
                           "mus_limit_throttled_seconds_total 0",
                           "mus_limit_forced_turns_total 0",
                           "mus_limit_pardons_total 0",
                           "mus_pods_source_up 0",
                           "mus_pods_source_age_seconds NaN",
                           "mus_uptime_seconds 0",
                           "mus_scheduler_state{state=\"fallback\"} 1",
                           "mus_scheduler_state{state=\"attached\"} 0",
                           "# TYPE mus_cgroup_cpu_seconds_total counter",
                           "# TYPE mus_build_info gauge"}) {
    INFO(name);
    CHECK(has_line(text, name));
  }
}

TEST_CASE("the text is in the exposition format: help, type, then samples of that family") {
  StatusSnapshot status;
  status.mode = SchedulerMode::attached;
  status.attaches = 3;
  status.stats.counters = {{"wakeups", 9007199254740993}, {"brand_new", 4}};
  status.stats.cgroups = {{CgroupId{7}, {1'500'000'000, 250'000'000, 12}}};
  status.limits = {3, 100, 25, 1'500'000, 2, 7};
  status.pods_age = 1500ms;
  status.boosts = {boost("b1", CgroupId{7})};
  const auto text = metrics_text(status);
  CHECK(has_line(text, "mus_scheduler_wakeups_total 9007199254740993"));
  CHECK(has_line(text, "mus_scheduler_brand_new_total 4"));
  CHECK(has_line(text, "mus_cgroup_cpu_seconds_total{cgroup_id=\"7\",boost=\"b1\"} 1.5"));
  CHECK(has_line(text, "mus_cgroup_wait_seconds_total{cgroup_id=\"7\",boost=\"b1\"} 0.25"));
  CHECK(has_line(text, "mus_cgroup_waits_total{cgroup_id=\"7\",boost=\"b1\"} 12"));
  CHECK(has_line(text, "mus_limited_cgroups 3"));
  CHECK(has_line(text, "mus_limit_periods_total 100"));
  CHECK(has_line(text, "mus_limit_throttled_periods_total 25"));
  CHECK(has_line(text, "mus_limit_throttled_seconds_total 1.5"));
  CHECK(has_line(text, "mus_limit_forced_turns_total 2"));
  CHECK(has_line(text, "mus_limit_pardons_total 7"));
  CHECK(has_line(text, "mus_pods_source_age_seconds 1.5"));
  CHECK(text.ends_with("\n"));

  const std::regex sample(R"re(([a-z_]+)(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? (-?[0-9.e+-]+|NaN))re");
  std::set<std::string> seen;
  std::string family;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    if (line.starts_with("# HELP ")) {
      family = line.substr(7, line.find(' ', 7) - 7);
      CHECK(seen.insert(family).second);
    } else if (line.starts_with("# TYPE ")) {
      CHECK(line.substr(7, family.size() + 1) == family + " ");
    } else {
      std::smatch match;
      REQUIRE(std::regex_match(line, match, sample));
      CHECK(match[1] == family);
      CHECK(family.starts_with("mus_"));
    }
  }
}

TEST_CASE("label values are escaped") {
  StatusSnapshot status;
  status.stats.cgroups = {{CgroupId{7}, {}}};
  status.boosts = {boost("a\"b\\c\nd", CgroupId{7})};
  CHECK(metrics_text(status).find(R"(boost="a\"b\\c\nd")") != std::string::npos);
}
