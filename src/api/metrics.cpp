// SPDX-License-Identifier: Apache-2.0
#include "api/metrics.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <tuple>
#include <utility>

#include "api/cgroup_metrics.hpp"
#include "api/json.hpp"
#include "api/metric_text.hpp"
#include "mus/abi.h"
#include "mus/version.hpp"

namespace mus {
namespace {

/// The counters of mus/abi.h, so that their series exist before the first attach. A newer one is shown as it comes.
constexpr std::array<std::pair<std::string_view, std::string_view>, MUS_NR_COUNTERS> kCounters{{
    {"wakeups", "Tasks that became runnable by waking."},
    {"direct_dispatches", "Wakeups put on an idle CPU at once."},
    {"shared_enqueues", "Tasks put into the queue of a cache."},
    {"pinned_enqueues", "Tasks put into the queue of the one CPU that they may use."},
    {"preemptions", "Wakeups that took a CPU from a task ahead in service."},
    {"steals", "Tasks from the queue of a cache that ran on another CPU than before."},
    {"kept", "Slices that ended with the running task still furthest behind."},
    {"reenqueues", "Tasks taken back from a CPU that a higher scheduling class claimed."},
    {"relieved", "Tasks that ran out of turn after having waited for too long."},
    {"balanced", "Tasks taken from another cache where virtual time passed slower."},
    {"parks", "Tasks made to wait because their cgroup had used up its cpu.max."},
}};
static_assert(std::ranges::none_of(kCounters, [](const auto& counter) { return counter.first.empty(); }));

void scheduler(MetricText& text, const StatusSnapshot& status) {
  text.family("mus_scheduler_attached", "gauge", "1 while our scheduler runs this node's tasks.");
  text.count(status.mode == SchedulerMode::attached ? 1 : 0);
  text.family("mus_scheduler_state", "gauge", "1 for the present state.");
  for (const auto mode :
       {SchedulerMode::attached, SchedulerMode::fallback, SchedulerMode::stopped, SchedulerMode::unsupported}) {
    text.count(status.mode == mode ? 1 : 0, {{"state", mode_word(mode)}});
  }
  text.family("mus_scheduler_dry_run", "gauge", "1 when the scheduler is only imagined (run --dry-run).");
  text.count(status.dry_run ? 1 : 0);
  text.family("mus_scheduler_attaches_total", "counter", "Successful attaches since the daemon started.");
  text.count(status.attaches);
  text.family("mus_scheduler_ejections_total", "counter", "Times that the kernel ejected the scheduler.");
  text.count(status.ejections);

  const auto& counters = status.stats.counters;
  const auto counter = [&text](std::string_view name, std::string_view help, std::uint64_t value) {
    text.family("mus_scheduler_" + std::string(name) + "_total", "counter", help);
    text.count(value);
  };
  for (const auto& [name, help] : kCounters) {
    const auto it = std::ranges::find_if(counters, [n = name](const auto& c) { return c.first == n; });
    counter(name, help, it == counters.end() ? 0 : it->second);
  }
  for (const auto& [name, value] : counters) {
    if (std::ranges::none_of(kCounters, [&n = name](const auto& k) { return k.first == n; })) {
      counter(name, "A counter of the scheduler.", value);
    }
  }
}

void limits(MetricText& text, const LimitTotals& totals) {
  text.family("mus_limited_cgroups", "gauge", "Cgroups with a cpu.max in which something has run.");
  text.count(totals.cgroups);
  text.family("mus_limit_periods_total", "counter",
              "Periods of limits that ended and in which something ran or waited.");
  text.count(totals.periods);
  text.family("mus_limit_throttled_periods_total", "counter", "Of those: in which tasks waited for their limit.");
  text.count(totals.throttled_periods);
  text.family("mus_limit_throttled_seconds_total", "counter", "Time that limited cgroups were throttled, summed up.");
  text.sample(static_cast<double>(totals.throttled_us) / 1e6);
  text.family("mus_limit_forced_turns_total", "counter",
              "Turns above a limit, so that the kernel's watchdog does not end us.");
  text.count(totals.forced);
  text.family("mus_limit_pardons_total", "counter",
              "Turns above a limit, for tasks that were stopped inside the kernel.");
  text.count(totals.pardons);
}

void rules(MetricText& text, const RulesSnapshot& rules) {
  text.family("mus_rules", "gauge", "Rules by which boosts come and go.");
  text.count(rules.rules);
  text.family("mus_rules_paused", "gauge", "1 while they do nothing.");
  text.count(rules.paused ? 1 : 0);
  text.family("mus_rules_trouble", "gauge", "1 while the file as it is now is not in force.");
  text.count(rules.trouble.empty() ? 0 : 1);
  text.family("mus_rule_acting", "gauge", "Boosts that a rule has set; in a dry run, would have.");
  for (const auto& rule : rules.states) text.count(rule.acting, {{"rule", rule.name}});
  text.family("mus_rule_unmet", "gauge", "Of those, for a target: whose bound is broken.");
  for (const auto& rule : rules.states) text.count(rule.unmet, {{"rule", rule.name}});
  text.family("mus_rule_fired_total", "counter", "Times that a rule has begun to act.");
  for (const auto& rule : rules.states) text.count(rule.fired, {{"rule", rule.name}});
}

void tables(MetricText& text, const StatusSnapshot& status, const CgroupFigures& figures) {
  // Flow 0 and limit 0 stand for none.
  const std::array rows{std::tuple{"policies", status.stats.policies, std::size_t{MUS_MAX_POLICIES}},
                        std::tuple{"cgroups", figures.cgroups.size(), std::size_t{MUS_MAX_FLOWS - 1}},
                        std::tuple{"limits", status.limits.cgroups, std::size_t{MUS_MAX_LIMITS - 1}}};
  text.family("mus_map_entries", "gauge", "Places taken in a table of the scheduler's.");
  for (const auto& [map, entries, capacity] : rows) text.count(entries, {{"map", map}});
  text.family("mus_map_capacity", "gauge", "Places that it has. Cgroups beyond them compete thread by thread.");
  for (const auto& [map, entries, capacity] : rows) text.count(capacity, {{"map", map}});
}

void api(MetricText& text, const ApiHealth::Counts& counts) {
  text.family("mus_api_answers_total", "counter",
              "Answers of the API by HTTP status, refusals of its server included.");
  for (const auto& [status, number] : counts.statuses) {
    const auto word = std::to_string(status);
    text.count(number, {{"status", word}});
  }
  text.family("mus_api_answer_seconds", "histogram",
              "How long answers took, without the wait for a worker; with the time that wait= asked for.");
  std::vector<std::pair<double, std::uint64_t>> buckets;
  buckets.reserve(ApiHealth::kBounds.size());
  for (std::size_t i = 0; i < ApiHealth::kBounds.size(); ++i) {
    buckets.emplace_back(std::chrono::duration<double>(ApiHealth::kBounds[i]).count(), counts.times[i]);
  }
  text.histogram(buckets, counts.times.back(), std::chrono::duration<double>(counts.took).count());
}

}  // namespace

std::string metrics_text(const StatusSnapshot& status, const CgroupFigures& figures, const std::vector<PodRow>& pods,
                         const MetricsOptions& options) {
  MetricText text;
  text.family("mus_build_info", "gauge", "Always 1; what runs is in the labels.");
  text.count(1, {{"version", kVersion}, {"revision", kGitRevision}});
  text.family("mus_uptime_seconds", "gauge", "Time since the daemon started.");
  text.count(static_cast<std::uint64_t>(std::max<std::int64_t>(status.uptime.count(), 0)));
  scheduler(text, status);

  text.family("mus_boosts", "gauge", "Boosts that are asked for.");
  text.count(status.boosts.size());
  text.family("mus_boosts_pending", "gauge", "Of those: not applied just now.");
  text.count(static_cast<std::uint64_t>(
      std::count_if(status.boosts.begin(), status.boosts.end(), [](const Boost& b) { return b.applied.empty(); })));
  add_cgroup_metrics(text, status, figures, pods, options);
  rules(text, status.rules ? *status.rules : RulesSnapshot{});
  limits(text, status.limits);
  tables(text, status, figures);
  api(text, options.api != nullptr ? options.api->counts() : ApiHealth::Counts{});

  text.family("mus_pods_source_up", "gauge", "1 when the source of pods answered last time.");
  text.count(status.pods.last_success && status.pods.last_error.empty() ? 1 : 0);
  text.family("mus_pods_source_age_seconds", "gauge", "Age of the last good list of pods; NaN before the first.");
  if (status.pods_age) {
    text.sample(static_cast<double>(status.pods_age->count()) / 1000.0);
  } else {
    text.sample(std::numeric_limits<double>::quiet_NaN());
  }
  return text.take();
}

}  // namespace mus
