// SPDX-License-Identifier: Apache-2.0
#include "api/json.hpp"

#include <nlohmann/json.hpp>

#include "api/explain_json.hpp"
#include "api/json_values.hpp"
#include "api/limits.hpp"
#include "api/rules_json.hpp"
#include "mus/version.hpp"

namespace mus {
namespace {

using Json = nlohmann::ordered_json;

/// Replaces what is not UTF-8: names from the kernel or the kubelet must never make an answer fail.
std::string text(const Json& document) {
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

template <class Duration>
Json seconds(const std::optional<Duration>& value) {
  if (!value) return nullptr;
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(*value).count();
  if (milliseconds % 1000 == 0) return milliseconds / 1000;
  return static_cast<double>(milliseconds) / 1000.0;
}

double ns_to_seconds(std::uint64_t ns) {
  return static_cast<double>(ns) / 1e9;
}

const char* kind_word(Target::Kind kind) {
  switch (kind) {
    case Target::Kind::pod:
      return "pod";
    case Target::Kind::cgroup:
      return "cgroup";
    case Target::Kind::unit:
      return "unit";
    case Target::Kind::pid:
      return "pid";
  }
  return "pod";
}

const char* state_word(Boost::State state) {
  switch (state) {
    case Boost::State::applied:
      return "applied";
    case Boost::State::pending:
      return "pending";
    case Boost::State::expired:
      return "expired";
    case Boost::State::ended:
      return "ended";
  }
  return "pending";
}

/// Under the names of the request's parameters, so that it can be sent back as a DELETE's body (less `kind`).
Json to_json(const Target& target) {
  Json out{{"kind", kind_word(target.kind)}};
  const auto put = [&out](const char* name, const std::string& value) {
    if (!value.empty()) out[name] = value;
  };
  put("pod", target.pod);
  put("namespace", target.ns);
  put("container", target.container);
  put("uid", target.uid);
  put("label", target.label);
  if (target.all) out["all"] = true;
  put("cgroup", target.cgroup);
  put("unit", target.unit);
  if (target.pid != 0) out["pid"] = target.pid;
  return out;
}

Json to_json(const AppliedCgroup& applied) {
  Json out{{"cgroup_id", id_text(applied.cgroup.id)}, {"cgroup_path", applied.cgroup.path}};
  const auto put = [&out](const char* name, const std::string& value) {
    if (!value.empty()) out[name] = value;
  };
  put("namespace", applied.ns);
  put("pod", applied.pod);
  put("uid", applied.uid);
  put("container", applied.container);
  out["weight"] = applied.weight;
  out["limits_lifted_from"] = or_null(lifted_path(applied));
  return out;
}

Json to_json(const Boost& boost) {
  auto applied = Json::array();
  for (const auto& one : boost.applied) applied.push_back(to_json(one));
  return {{"id", boost.id},
          {"state", state_word(boost.state)},
          {"target", to_json(boost.target)},
          {"weight", boost.weight},
          {"ignore_limit", boost.ignore_limit},
          {"declared", boost.declared},
          {"rule", or_null(boost.rule)},
          {"ttl_seconds", seconds(boost.ttl)},
          {"expires_in_seconds", seconds(boost.expires_in)},
          {"pending", or_null(boost.pending)},
          {"note", or_null(boost.note)},
          {"applied", std::move(applied)}};
}

Json to_json(const std::vector<Boost>& boosts) {
  auto out = Json::array();
  for (const auto& boost : boosts) out.push_back(to_json(boost));
  return out;
}

Json ejection(const StatusSnapshot& status) {
  if (!status.last_ejection) return nullptr;
  const auto& record = *status.last_ejection;
  return {{"kind", exit_kind_word(record.kind)},
          {"kind_number", record.kind},
          {"code", record.code},
          {"reason", record.reason},
          {"message", record.message},
          {"age_seconds", seconds(status.last_ejection_age)}};
}

Json scheduler(const StatusSnapshot& status) {
  return {{"state", mode_word(status.mode)},
          {"reason", or_null(status.reason)},
          {"dry_run", status.dry_run},
          {"attaches", status.attaches},
          {"ejections", status.ejections},
          {"last_ejection", ejection(status)},
          {"next_attempt_in_seconds", seconds(status.next_attempt_in)},
          {"slice_us", status.options.slice_ns / 1000},
          {"lag_us", status.options.lag_ns / 1000},
          {"wakeup_preemption", status.options.wakeup_preemption},
          {"idle_selection", status.options.idle_selection},
          {"queue_per_cache", status.options.queue_per_cache},
          {"cpu_weight", status.options.cpu_weight},
          {"meters", status.options.meters},
          {"boost_ceiling", status.options.boost_ceiling},
          {"node_floor", status.options.node_floor},
          {"caches", status.stats.caches}};
}

Json state_file(const StateFileStatus& file) {
  if (file.path.empty()) return nullptr;
  return {{"path", file.path}, {"version", file.version}, {"trouble", or_null(file.trouble)}};
}

Json sources(const std::vector<PodSourceStatus>& sources) {
  auto out = Json::array();
  for (const auto& [source, age] : sources) {
    out.push_back({{"name", source.name},
                   {"in_use", source.in_use},
                   {"labels", source.labels},
                   {"age_seconds", seconds(age)},
                   {"last_error", or_null(source.last_error)},
                   {"note", or_null(source.note)}});
  }
  return out;
}

/// What a cgroup used and waited; all null where that is not known.
void add_statistics(Json& out, const CgroupStats* stats) {
  for (const auto* name : {"share_cpus", "cpu_seconds", "wait_seconds", "waits", "run_delay"}) out[name] = nullptr;
  if (stats == nullptr) return;
  out["share_cpus"] = rounded(stats->share_cpus);
  out["cpu_seconds"] = ns_to_seconds(stats->cpu_time_ns);
  out["wait_seconds"] = ns_to_seconds(stats->wait_ns);
  out["waits"] = stats->waits;
  const auto& recent = stats->recent;
  out["run_delay"] = {{"window_seconds", seconds(std::optional(stats->window))},
                      {"waits", recent.waits},
                      {"p50_us", rounded(recent.p50_us)},
                      {"p99_us", rounded(recent.p99_us)},
                      {"p999_us", rounded(recent.p999_us)}};
}

/// A boost as /status shows it: with what its cgroups used and waited.
Json with_statistics(const Boost& boost, const CgroupFigures& figures) {
  auto out = to_json(boost);
  for (std::size_t i = 0; i < boost.applied.size(); ++i) {
    add_statistics(out["applied"][i], figures.find(boost.applied[i].cgroup.id));
  }
  return out;
}

}  // namespace

const char* mode_word(SchedulerMode mode) {
  switch (mode) {
    case SchedulerMode::attached:
      return "attached";
    case SchedulerMode::fallback:
      return "fallback";
    case SchedulerMode::stopped:
      return "stopped";
    case SchedulerMode::unsupported:
      return "unsupported";
  }
  return "fallback";
}

const char* exit_kind_word(std::uint32_t kind) {
  switch (kind) {
    case 0:
      return "none";
    case 1:
      return "done";
    case 64:
      return "unregistered";
    case 65:
      return "bpf";
    case 66:
      return "kernel";
    case 67:
      return "sysrq";
    case 1025:
      return "bpf_error";
    case 1026:
      return "stall";
    default:
      return "error";
  }
}

std::string problem_json(const Problem& problem) {
  Json out{{"type", "urn:mus-scheduler:problem:" + problem.slug},
           {"title", problem.title},
           {"status", problem.status},
           {"detail", problem.detail}};
  if (!problem.advice.empty()) out["advice"] = problem.advice;
  if (!problem.candidates.empty()) out["candidates"] = problem.candidates;
  if (problem.retry_after) out["retry_after_seconds"] = problem.retry_after->count();
  return text(out);
}

std::string prioritize_json(const PrioritizeReply& reply) {
  Json out{{"boost", to_json(reply.boost)},
           {"replaced", reply.replaced},
           {"dry_run", reply.dry_run},
           {"note", or_null(reply.note)}};
  add_outlook(out, reply.outlook);
  return text(out);
}

std::string removed_json(const std::vector<Boost>& removed) {
  return text(Json{{"removed", to_json(removed)}});
}

std::string priorities_json(const std::vector<Boost>& boosts) {
  return text(Json{{"boosts", to_json(boosts)}});
}

std::string pods_json(const std::vector<PodRow>& pods) {
  auto rows = Json::array();
  for (const auto& pod : pods) {
    Json row{{"namespace", pod.ns},
             {"pod", pod.pod},
             {"uid", pod.uid},
             {"container", pod.container},
             {"container_id", pod.container_id}};
    row["cgroup_id"] = pod.cgroup ? Json(id_text(pod.cgroup->id)) : Json(nullptr);
    row["cgroup_path"] = pod.cgroup ? Json(pod.cgroup->path) : Json(nullptr);
    row["weight"] = pod.weight;
    add_statistics(row, pod.stats ? &*pod.stats : nullptr);
    row["limit"] = limit_json(pod.limit);
    rows.push_back(std::move(row));
  }
  return text(Json{{"pods", std::move(rows)}});
}

std::string status_json(const StatusSnapshot& status, const CgroupFigures& figures) {
  auto boosts = Json::array();
  for (const auto& boost : status.boosts) boosts.push_back(with_statistics(boost, figures));
  auto counters = Json::object();
  for (const auto& [name, value] : status.stats.counters) counters[name] = value;
  return text(Json{{"scheduler", scheduler(status)},
                   {"kernel", status.kernel},
                   {"version", kVersion},
                   {"uptime_seconds", status.uptime.count()},
                   {"pods_source",
                    {{"name", status.pods.name},
                     {"age_seconds", seconds(status.pods_age)},
                     {"last_error", or_null(status.pods.last_error)}}},
                   {"sources", sources(status.sources)},
                   {"enforced", enforced_json(status.enforced)},
                   {"limits", limits_json(status.limits)},
                   {"state_file", state_file(status.state_file)},
                   {"rules", rules_summary_json(status.rules ? *status.rules : RulesSnapshot{})},
                   {"boosts", std::move(boosts)},
                   {"counters", std::move(counters)}});
}

std::string scheduler_json(const StatusSnapshot& status) {
  return text(Json{{"scheduler", scheduler(status)}});
}

std::string version_json() {
  return text(Json{{"version", kVersion}, {"revision", kGitRevision}});
}

}  // namespace mus
