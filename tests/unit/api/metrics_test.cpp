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

CgroupStats stats(std::uint64_t cpu_ns, std::uint64_t wait_ns,
                  const std::vector<std::pair<std::size_t, std::uint64_t>>& waits) {
  CgroupStats out;
  out.cpu_time_ns = cpu_ns;
  out.wait_ns = wait_ns;
  for (const auto& [bucket, number] : waits) {
    out.delays[bucket] = number;
    out.waits += number;
  }
  return out;
}

PodRow row(const std::string& pod, CgroupId id, const CgroupStats& stats) {
  PodRow out;
  out.ns = "jobs";
  out.pod = pod;
  out.container = "main";
  out.cgroup = Cgroup{id, "/kubepods/" + pod};
  out.stats = stats;
  return out;
}

}  // namespace

TEST_CASE("every metric family is declared before anything has happened") {
  const auto text = metrics_text({}, {}, {}, {});
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
                           "# TYPE mus_cgroup_run_delay_seconds histogram",
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
  CgroupFigures figures;
  figures.cgroups[CgroupId{7}] = stats(1'500'000'000, 250'000'000, {{0, 5}, {1, 2}, {2, 4}, {23, 1}});
  status.limits = {3, 100, 25, 1'500'000, 2, 7};
  status.pods_age = 1500ms;
  status.boosts = {boost("b1", CgroupId{7})};
  const auto text = metrics_text(status, figures, {}, {});
  CHECK(has_line(text, "mus_scheduler_wakeups_total 9007199254740993"));
  CHECK(has_line(text, "mus_scheduler_brand_new_total 4"));
  CHECK(has_line(text, "mus_cgroup_cpu_seconds_total{cgroup_id=\"7\",boost=\"b1\"} 1.5"));
  for (const auto* line :
       {R"(_bucket{cgroup_id="7",boost="b1",le="1.024e-06"} 5)",
        R"(_bucket{cgroup_id="7",boost="b1",le="4.096e-06"} 11)",
        R"(_bucket{cgroup_id="7",boost="b1",le="4.294967296"} 11)", R"(_bucket{cgroup_id="7",boost="b1",le="+Inf"} 12)",
        R"(_sum{cgroup_id="7",boost="b1"} 0.25)", R"(_count{cgroup_id="7",boost="b1"} 12)"}) {
    INFO(line);
    CHECK(has_line(text, std::string("mus_cgroup_run_delay_seconds") + line));
  }
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
  bool is_histogram = false;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    if (line.starts_with("# HELP ")) {
      family = line.substr(7, line.find(' ', 7) - 7);
      CHECK(seen.insert(family).second);
    } else if (line.starts_with("# TYPE ")) {
      CHECK(line.substr(7, family.size() + 1) == family + " ");
      is_histogram = line.ends_with(" histogram");
    } else {
      std::smatch match;
      REQUIRE(std::regex_match(line, match, sample));
      CHECK((match[1] == family || (is_histogram && match[1].str().starts_with(family + "_"))));
      CHECK(family.starts_with("mus_"));
    }
  }
}

TEST_CASE("label values are escaped") {
  StatusSnapshot status;
  CgroupFigures figures;
  figures.cgroups[CgroupId{7}] = {};
  status.boosts = {boost("a\"b\\c\nd", CgroupId{7})};
  CHECK(metrics_text(status, figures, {}, {}).find(R"(boost="a\"b\\c\nd")") != std::string::npos);
}

TEST_CASE("the busiest containers have series besides the boosted, and no more than asked for", "[metrics]") {
  StatusSnapshot status;
  CgroupFigures figures;
  std::vector<PodRow> pods;
  for (std::uint64_t i = 1; i <= 300; ++i) {
    auto& of = figures.cgroups[CgroupId{i}];
    of.recent_cpu_time_ns = i * 1000;
    pods.push_back(row("pod-" + std::to_string(i), CgroupId{i}, of));
  }
  pods.push_back(row("not-started", {}, {}));
  pods.back().cgroup.reset();
  status.boosts = {boost("b1", CgroupId{7}), boost("b2", CgroupId{300})};
  const auto series = [](const std::string& text) {
    std::set<std::string> ids;
    const std::regex id(R"re(mus_cgroup_cpu_seconds_total\{cgroup_id="(\d+)")re");
    for (std::sregex_iterator at(text.begin(), text.end(), id), end; at != end; ++at) ids.insert((*at)[1]);
    return ids;
  };
  CHECK(series(metrics_text(status, figures, pods, {3, false})) == std::set<std::string>{"7", "298", "299", "300"});
  CHECK(series(metrics_text(status, figures, pods, {0, false})) == std::set<std::string>{"7", "300"});
  CHECK(series(metrics_text(status, figures, pods, {1000, false})).size() == 300);
}

TEST_CASE("pods are named in labels only where that is configured", "[metrics]") {
  StatusSnapshot status;
  CgroupFigures figures;
  figures.cgroups[CgroupId{7}] = {};
  figures.cgroups[CgroupId{8}] = {};
  status.boosts = {boost("b1", CgroupId{7})};
  status.boosts[0].applied[0].ns = "shop";
  status.boosts[0].applied[0].pod = "redis-0";
  const std::vector<PodRow> pods{row("batch-1", CgroupId{8}, {})};
  const auto silent = metrics_text(status, figures, pods, {10, false});
  CHECK(silent.find("redis") == std::string::npos);
  CHECK(silent.find("batch") == std::string::npos);
  CHECK(silent.find("namespace") == std::string::npos);
  const auto told = metrics_text(status, figures, pods, {10, true});
  CHECK(has_line(told, R"(mus_cgroup_cpu_seconds_total{cgroup_id="7",boost="b1",namespace="shop",pod="redis-0",)"
                       R"(container=""} 0)"));
  CHECK(has_line(told, R"(mus_cgroup_cpu_seconds_total{cgroup_id="8",boost="",namespace="jobs",pod="batch-1",)"
                       R"(container="main"} 0)"));
}
