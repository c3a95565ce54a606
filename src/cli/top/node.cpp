// SPDX-License-Identifier: Apache-2.0
#include "cli/top/node.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/answer.hpp"
#include "cli/cells.hpp"

namespace mus::top {
namespace {

using Json = nlohmann::json;
using namespace std::chrono_literals;

constexpr auto kLate = 4s;  // long enough for readings a second apart to be even, short enough to see a change

std::optional<double> number(const Json& object, const char* name) {
  const auto& value = member(object, name);
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

std::string shown(const Json& object, const char* name) {
  return printable(text_of(object, name));
}

BoostRow read_boost(const Json& json) {
  BoostRow boost;
  const auto& target = member(json, "target");
  boost.id = shown(json, "id");
  boost.words = target_text(target);
  // As they are told, not as they are shown: they go back to the daemon.
  boost.target.pod = text_of(target, "pod");
  boost.target.ns = text_of(target, "namespace");
  boost.target.container = text_of(target, "container");
  boost.target.uid = text_of(target, "uid");
  boost.target.label = text_of(target, "label");
  boost.target.cgroup = text_of(target, "cgroup");
  boost.target.unit = text_of(target, "unit");
  boost.target.pid = text_of(target, "pid");
  boost.target.all = member(target, "all") == true;
  boost.weight = text_of(json, "weight", "?");
  boost.declared = member(json, "declared") == true;
  boost.rule = shown(json, "rule");
  boost.left = number(json, "expires_in_seconds");
  boost.pending = shown(json, "pending");
  for (const auto& applied : member(json, "applied")) boost.cgroup_paths.push_back(text_of(applied, "cgroup_path"));
  return boost;
}

ContainerRow read_container(const Json& json) {
  ContainerRow container;
  container.ns = text_of(json, "namespace");
  container.pod = text_of(json, "pod");
  container.container = text_of(json, "container");
  container.name = printable(container.ns + "/" + container.pod + "/" + container.container);
  container.id = container.name + " " + text_of(json, "uid") + " " + text_of(json, "container_id");
  container.cgroup_path = text_of(json, "cgroup_path");
  container.weight = static_cast<std::uint32_t>(number(json, "weight").value_or(1024));
  container.share_cpus = number(json, "share_cpus");
  if (const auto& delay = member(json, "run_delay"); number_of(delay, "waits") > 0) {
    container.p50_us = number(delay, "p50_us");
    container.p99_us = number(delay, "p99_us");
  }
  const auto& limit = member(json, "limit");
  if (const auto period = number_of(limit, "period_us"); period > 0) {
    container.limit_cpus = number_of(limit, "quota_us") / period;
  }
  if (const auto cpu_seconds = number(json, "cpu_seconds")) {
    container.counters = {*cpu_seconds, number_of(limit, "periods"), number_of(limit, "throttled_periods")};
  }
  return container;
}

std::string scheduler_words(const Json& scheduler) {
  auto words = shown(scheduler, "state");
  if (words.empty()) return "unknown";
  if (member(scheduler, "dry_run") == true) words = "dry run: nothing is scheduled";
  if (const auto reason = shown(scheduler, "reason"); !reason.empty()) words += ": " + reason;
  if (const auto next = duration_of(scheduler, "next_attempt_in_seconds"); !next.empty()) {
    words += ", next attempt in " + next;
  }
  return words;
}

}  // namespace

bool covers(const BoostRow& boost, const ContainerRow& container) {
  const auto& path = container.cgroup_path;
  return !path.empty() && std::ranges::any_of(boost.cgroup_paths, [&](const std::string& boosted) {
    return path == boosted || (path.starts_with(boosted) && path[boosted.size()] == '/');
  });
}

Node read_node(const Json& status, const Json& pods) {
  Node node;
  const auto& scheduler = member(status, "scheduler");
  node.scheduler = scheduler_words(scheduler);
  node.attached = text_of(scheduler, "state") == "attached";
  node.kernel = shown(status, "kernel");
  node.version = shown(status, "version");
  node.uptime_seconds = number_of(status, "uptime_seconds");
  if (const auto& boosts = member(status, "boosts"); boosts.is_array()) {
    for (const auto& boost : boosts) node.boosts.push_back(read_boost(boost));
  }
  if (const auto& rows = member(pods, "pods"); rows.is_array()) {
    node.containers.reserve(rows.size());
    for (const auto& row : rows) node.containers.push_back(read_container(row));
  }
  for (auto& container : node.containers) {
    for (const auto& boost : node.boosts) {
      if (boost.left && covers(boost, container)) container.boost_left = boost.left;
    }
  }
  return node;
}

void Rates::add(std::vector<ContainerRow>& containers, TimePoint now) {
  std::unordered_map<std::string, std::deque<Sample>> kept;
  kept.reserve(containers.size());
  for (auto& container : containers) {
    if (!container.counters) continue;
    auto& samples = kept[container.id];
    if (const auto before = samples_.find(container.id); before != samples_.end()) samples = std::move(before->second);
    if (!samples.empty() && samples.back().counters.cpu_seconds > container.counters->cpu_seconds) samples.clear();
    // The oldest that is kept is the last of those that are old enough.
    while (samples.size() > 1 && now - samples[1].at >= kLate) samples.pop_front();
    if (!samples.empty() && now > samples.front().at) {
      const auto& first = samples.front();
      const auto seconds = std::chrono::duration<double>(now - first.at).count();
      container.cpus = (container.counters->cpu_seconds - first.counters.cpu_seconds) / seconds;
      const auto periods = container.counters->periods - first.counters.periods;
      if (periods > 0) {
        container.throttled = (container.counters->throttled_periods - first.counters.throttled_periods) / periods;
      }
    }
    samples.push_back({now, *container.counters});
  }
  samples_ = std::move(kept);
}

}  // namespace mus::top
