// SPDX-License-Identifier: Apache-2.0
#include "api/metrics.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <string_view>
#include <utility>

#include "api/json.hpp"
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

class Text {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    out_.append("# HELP ").append(name).append(" ").append(help).append("\n");
    out_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
  }
  void sample(double value, Labels labels = {}) {
    if (std::isnan(value)) return line(labels, "NaN");
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    line(labels, {digits.data(), static_cast<std::size_t>(end - digits.data())});
  }
  /// Counters stay whole numbers: a double would lose steps above 2^53.
  void count(std::uint64_t value, Labels labels = {}) { line(labels, std::to_string(value)); }
  std::string take() { return std::move(out_); }

 private:
  void line(Labels labels, std::string_view value) {
    out_.append(name_);
    char separator = '{';
    for (const auto& [name, text] : labels) {
      out_.append(1, separator).append(name).append("=\"");
      escape(text);
      out_.append("\"");
      separator = ',';
    }
    if (labels.size() != 0) out_.append("}");
    out_.append(" ").append(value).append("\n");
  }
  void escape(std::string_view text) {
    for (const char c : text) {
      if (c == '\\') {
        out_.append("\\\\");
      } else if (c == '"') {
        out_.append("\\\"");
      } else if (c == '\n') {
        out_.append("\\n");
      } else {
        out_.push_back(c);
      }
    }
  }

  std::string out_;
  std::string name_;
};

double to_seconds(std::uint64_t ns) {
  return static_cast<double>(ns) / 1e9;
}

void scheduler(Text& text, const StatusSnapshot& status) {
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

void limits(Text& text, const LimitTotals& totals) {
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

/// The boost that holds a cgroup, for the label; empty while it is being taken back.
std::string_view boost_of(const StatusSnapshot& status, CgroupId id) {
  for (const auto& boost : status.boosts) {
    for (const auto& applied : boost.applied) {
      if (applied.cgroup.id == id) return boost.id;
    }
  }
  return {};
}

void cgroups(Text& text, const StatusSnapshot& status) {
  const auto each = [&](std::string_view name, std::string_view help, auto&& sample) {
    text.family(name, "counter", help);
    for (const auto& [id, stats] : status.stats.cgroups) {
      const auto id_text = std::to_string(to_u64(id));
      sample(stats, Text::Labels{{"cgroup_id", id_text}, {"boost", boost_of(status, id)}});
    }
  };
  each("mus_cgroup_cpu_seconds_total", "CPU time of a boosted cgroup and all below it.",
       [&](const CgroupStats& s, Text::Labels labels) { text.sample(to_seconds(s.cpu_time_ns), labels); });
  each("mus_cgroup_wait_seconds_total", "Time that its tasks were runnable and did not run.",
       [&](const CgroupStats& s, Text::Labels labels) { text.sample(to_seconds(s.wait_ns), labels); });
  each("mus_cgroup_waits_total", "Times that one of its tasks went from runnable to running.",
       [&](const CgroupStats& s, Text::Labels labels) { text.count(s.waits, labels); });
}

}  // namespace

std::string metrics_text(const StatusSnapshot& status) {
  Text text;
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
  cgroups(text, status);
  limits(text, status.limits);

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
