// SPDX-License-Identifier: Apache-2.0
#include "api/cgroup_metrics.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace mus {
namespace {

// Every other bound of the scheduler's buckets will do: a factor of four, from 1 us to 4.3 s.
constexpr std::size_t kStep = 2;
static_assert(MUS_WAIT_BUCKETS % kStep == 0, "the last one has no bound");

double to_seconds(std::uint64_t ns) {
  return static_cast<double>(ns) / 1e9;
}

/// One that has series, and what they are named.
struct Shown {
  const CgroupStats* stats = nullptr;
  std::string id;
  std::string boost;  ///< that holds it; empty: none
  std::string ns, pod, container;
};

class Selection {
 public:
  Selection(const CgroupFigures& figures, const MetricsOptions& options) : figures_(figures), options_(options) {}

  void add_boosted(const std::vector<Boost>& boosts) {
    for (const auto& boost : boosts) {
      for (const auto& applied : boost.applied) {
        auto* shown = add(applied.cgroup.id);
        if (shown == nullptr) continue;
        shown->boost = boost.id;
        name(*shown, applied.ns, applied.pod, applied.container);
      }
    }
  }
  void add_busiest(const std::vector<PodRow>& pods) {
    std::vector<const PodRow*> rows;
    for (const auto& row : pods) {
      if (row.cgroup && row.stats) rows.push_back(&row);
    }
    const auto busier = [](const PodRow* a, const PodRow* b) {
      if (a->stats->recent_cpu_time_ns != b->stats->recent_cpu_time_ns)
        return a->stats->recent_cpu_time_ns > b->stats->recent_cpu_time_ns;
      return a->cgroup->id < b->cgroup->id;
    };
    const auto most = std::min(options_.busiest, rows.size());
    std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(most), rows.end(), busier);
    for (std::size_t i = 0; i < most; ++i) {
      if (auto* shown = add(rows[i]->cgroup->id)) name(*shown, rows[i]->ns, rows[i]->pod, rows[i]->container);
    }
  }
  [[nodiscard]] const std::map<CgroupId, Shown>& shown() const { return shown_; }

 private:
  Shown* add(CgroupId id) {
    const auto* stats = figures_.find(id);
    if (stats == nullptr) return nullptr;
    auto& shown = shown_[id];
    shown.stats = stats;
    shown.id = std::to_string(to_u64(id));
    return &shown;
  }
  void name(Shown& shown, const std::string& ns, const std::string& pod, const std::string& container) const {
    if (!options_.pod_labels) return;
    shown.ns = ns;
    shown.pod = pod;
    shown.container = container;
  }

  const CgroupFigures& figures_;
  const MetricsOptions& options_;
  std::map<CgroupId, Shown> shown_;
};

MetricText::Labels labels_of(const Shown& shown, const MetricsOptions& options) {
  MetricText::Labels labels{{"cgroup_id", shown.id}, {"boost", shown.boost}};
  if (options.pod_labels) {
    labels.insert(labels.end(), {{"namespace", shown.ns}, {"pod", shown.pod}, {"container", shown.container}});
  }
  return labels;
}

void add_delays(MetricText& text, const CgroupStats& stats, const MetricText::Labels& labels) {
  std::vector<std::pair<double, std::uint64_t>> buckets;
  for (std::size_t i = 0; i < stats.delays.size(); i += kStep) {
    buckets.emplace_back(to_seconds(wait_bound_ns(i)), stats.delays[i] + (i == 0 ? 0 : stats.delays[i - 1]));
  }
  text.histogram(buckets, stats.delays.back(), to_seconds(stats.wait_ns), labels);
}

}  // namespace

void add_cgroup_metrics(MetricText& text, const StatusSnapshot& status, const CgroupFigures& figures,
                        const std::vector<PodRow>& pods, const MetricsOptions& options) {
  Selection selection(figures, options);
  selection.add_busiest(pods);
  selection.add_boosted(status.boosts);
  text.family("mus_cgroup_cpu_seconds_total", "counter", "CPU time of a cgroup and all below it.");
  for (const auto& [id, shown] : selection.shown())
    text.sample(to_seconds(shown.stats->cpu_time_ns), labels_of(shown, options));
  text.family("mus_cgroup_share_cpus", "gauge",
              "What its share gives it now of what its runnable threads can use, in CPUs; boosts and limits counted.");
  for (const auto& [id, shown] : selection.shown()) text.sample(shown.stats->share_cpus, labels_of(shown, options));
  text.family("mus_cgroup_run_delay_seconds", "histogram",
              "How long its tasks were runnable before they ran; waits for a cpu.max do not count.");
  for (const auto& [id, shown] : selection.shown()) add_delays(text, *shown.stats, labels_of(shown, options));
}

}  // namespace mus
