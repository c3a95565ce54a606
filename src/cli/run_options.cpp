// SPDX-License-Identifier: Apache-2.0
#include "cli/run_options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <vector>

#include "mus/abi.h"

namespace mus {
namespace {

constexpr std::uint64_t kShortestSliceUs = 100;
constexpr std::uint64_t kLongestSliceUs = 100'000;
constexpr std::uint64_t kShortestLagUs = 100;
constexpr std::uint64_t kLongestLagUs = 100'000;
constexpr std::uint32_t kMostBusiest = 200;
constexpr double kLowestCeiling = 0.1;
constexpr double kHighestFloor = 0.5;
constexpr std::array kSettings{"cpu.weight", "cpu.max", "cpu.idle"};

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at <= list.size();) {
    const auto comma = std::min(list.find(',', at), list.size());
    words.push_back(list.substr(at, comma - at));
    at = comma + 1;
  }
  return words;
}

/// What is wrong with the list, as CLI11 wants it: nothing when it is good.
std::string check_settings(const std::string& list) {
  if (list.empty()) return {};
  for (const auto& word : split(list)) {
    if (std::find(kSettings.begin(), kSettings.end(), word) != kSettings.end()) continue;
    return "'" + word + "' is none of cpu.weight, cpu.max and cpu.idle (several are separated by commas)";
  }
  return {};
}

/// As a namespace is called, or "*".
std::string check_namespaces(const std::string& list) {
  if (list.empty()) return {};
  for (const auto& word : split(list)) {
    const bool letters = std::all_of(
        word.begin(), word.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
    if (word == "*" || (letters && !word.empty() && word.size() <= 63)) continue;
    return "'" + word + "' is no namespace (several are separated by commas; * means all)";
  }
  return {};
}

void add_annotations(CLI::App& app, Options& options, RunWords& words) {
  app.add_option("--annotation-namespaces", words.annotation_namespaces,
                 "Namespaces, with commas, or *: whose pods may declare boosts by mus-scheduler.io/weight annotations "
                 "(default: none)")
      ->envname("MUS_ANNOTATION_NAMESPACES")
      ->check(CLI::Validator(check_namespaces, "LIST"))
      ->group("Pods");
  app.add_option("--annotation-ceiling", options.annotation_ceiling, "Highest weight that pods may declare")
      ->envname("MUS_ANNOTATION_CEILING")
      ->check(CLI::Range(std::uint32_t{MUS_WEIGHT_MIN}, std::uint32_t{MUS_WEIGHT_MAX}))
      ->group("Pods")
      ->capture_default_str();
}

}  // namespace

// A variable that is set to nothing counts as not set, as everywhere else; so "off" is how it turns TCP off.
void add_socket(CLI::App& app, Options& options) {
  app.add_option("--socket", options.socket, "Unix socket of the API")->envname("MUS_SOCKET")->capture_default_str();
}

void add_roots(CLI::App& app, Options& options) {
  app.add_option("--cgroup-root", options.cgroup_root, "Where the node's cgroup v2 tree is mounted")
      ->envname("MUS_CGROUP_ROOT")
      ->capture_default_str();
  app.add_option("--proc-root", options.proc_root, "Where the node's /proc is mounted")
      ->envname("MUS_PROC_ROOT")
      ->capture_default_str();
}

void add_pod_sources(CLI::App& app, Options& options) {
  auto& kubelet = options.kubelet;
  app.add_option("--host-root", options.host_root,
                 "Where the node's root directory is: what container runtimes leave about pods is read below it")
      ->envname("MUS_HOST_ROOT")
      ->group("Pods")
      ->capture_default_str();
  const auto add = [&app](const char* name, const char* variable, std::string& value, const char* text) {
    app.add_option(name, value, text)->envname(variable)->group("Pods");
  };
  add("--kubelet-url", "MUS_KUBELET_URL", kubelet.url,
      "The kubelet's address, e.g. https://127.0.0.1:10250; it knows pods' labels");
  add("--node-ip", "MUS_NODE_IP", options.node_ip,
      "In a pod, instead of the URL: this node's address; its kubelet is asked with the service account's token");
  add("--node-name", "MUS_NODE_NAME", options.node_name,
      "This node's name, with which names of static pods end (default: the host's name)");
  add("--kubelet-token-file", "MUS_KUBELET_TOKEN_FILE", kubelet.token_file,
      "Bearer token, read again for each request");
  add("--kubelet-ca", "MUS_KUBELET_CA", kubelet.ca_file, "Authority that signed its certificate (PEM)");
  add("--kubelet-server-name", "MUS_KUBELET_SERVER_NAME", kubelet.server_name,
      "Name in its certificate, usually the node's");
  add("--kubelet-pin", "MUS_KUBELET_PIN", kubelet.pin_file, "Accept exactly this certificate (PEM) instead of a CA's");
  add("--kubelet-client-cert", "MUS_KUBELET_CLIENT_CERT", kubelet.client_cert,
      "Certificate to authenticate with (PEM)");
  add("--kubelet-client-key", "MUS_KUBELET_CLIENT_KEY", kubelet.client_key, "Its key (PEM)");
  app.add_flag("--kubelet-readonly", kubelet.readonly, "The URL is the read-only port: plain http, on loopback")
      ->envname("MUS_KUBELET_READONLY")
      ->group("Pods");
}

void add_allow_unenforced(CLI::App& app, RunWords& words) {
  app.add_option("--allow-unenforced", words.allow_unenforced,
                 "Of cpu.weight, cpu.max and cpu.idle, with commas: run also where these cannot be enforced")
      ->envname("MUS_ALLOW_UNENFORCED")
      ->check(CLI::Validator(check_settings, "LIST"));
}

void add_run_options(CLI::App& run, Options& options, RunWords& words) {
  add_socket(run, options);
  run.add_option("--listen", options.listen, "Loopback ADDRESS:PORT of the API; '' or 'off' turns TCP off")
      ->envname("MUS_LISTEN")
      ->capture_default_str();
  run.add_option("--metrics-listen", options.metrics_listen,
                 "ADDRESS:PORT, beyond the node where you like, of /metrics, /livez and /readyz alone, without a token "
                 "(default: none)")
      ->envname("MUS_METRICS_LISTEN");
  run.add_option("--metrics-busiest", options.metrics_busiest,
                 "Containers that /metrics has series of besides the boosted: those that use most CPU time")
      ->envname("MUS_METRICS_BUSIEST")
      ->check(CLI::Range(0U, kMostBusiest))
      ->capture_default_str();
  run.add_flag("--metrics-pod-labels", options.metrics_pod_labels,
               "Series of containers in /metrics name namespace, pod and container, also for --metrics-listen")
      ->envname("MUS_METRICS_POD_LABELS");
  run.add_option("--state-dir", options.state_dir, "Directory of the boosts, the token and the lock")
      ->envname("MUS_STATE_DIR")
      ->capture_default_str();
  run.add_option("--token-file", options.token_file,
                 "Bearer token for changes over TCP; made if missing (default: 'token' in the state directory)")
      ->envname("MUS_TOKEN_FILE");
  run.add_option("--rules", options.rules,
                 "File of the rules by which boosts come and go (docs/rules.md); need not be there; 'off': no rules")
      ->envname("MUS_RULES")
      ->capture_default_str();
  add_roots(run, options);
  run.add_option("--on-unsupported", words.on_unsupported,
                 "On a node that cannot run us: fail, or idle with /readyz 503")
      ->envname("MUS_ON_UNSUPPORTED")
      ->check(CLI::IsMember({"fail", "idle"}))
      ->capture_default_str();
  run.add_flag("--dry-run", options.dry_run, "Everything but the scheduler, which is in memory: needs no root")
      ->envname("MUS_DRY_RUN");
  run.add_flag("--allow-ignore-limit", options.allow_ignore_limit,
               "Boosts may lift CPU limits (cpu.max) with ignore_limit=true")
      ->envname("MUS_ALLOW_IGNORE_LIMIT");
  add_allow_unenforced(run, words);
  run.add_option("--log-level", options.log_level, "Least serious message to log")
      ->envname("MUS_LOG_LEVEL")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
  run.add_option("--slice", words.slice_us, "Microseconds that a task runs before the next is looked for")
      ->envname("MUS_SLICE")
      ->check(CLI::Range(kShortestSliceUs, kLongestSliceUs))
      ->group("Scheduler")
      ->capture_default_str();
  run.add_option("--lag", words.lag_us, "Microseconds of service that a container which slept may be behind the others")
      ->envname("MUS_LAG")
      ->check(CLI::Range(kShortestLagUs, kLongestLagUs))
      ->group("Scheduler")
      ->capture_default_str();
  run.add_option("--wakeup-preemption", words.wakeup_preemption, "Off only to measure what it does")
      ->envname("MUS_WAKEUP_PREEMPTION")
      ->check(CLI::IsMember({"on", "off"}))
      ->group("Scheduler")
      ->capture_default_str();
  run.add_option("--idle-selection", words.idle_selection, "Off only to measure what it does")
      ->envname("MUS_IDLE_SELECTION")
      ->check(CLI::IsMember({"on", "off"}))
      ->group("Scheduler")
      ->capture_default_str();
  run.add_option("--queues", words.queues, "One for each last-level cache, or one for the machine")
      ->envname("MUS_QUEUES")
      ->check(CLI::IsMember({"cache", "one"}))
      ->group("Scheduler")
      ->capture_default_str();
  run.add_option("--cpu-weight", words.cpu_weight, "Off only to measure: all cgroups alike, whatever their cpu.weight")
      ->envname("MUS_CPU_WEIGHT")
      ->check(CLI::IsMember({"on", "off"}))
      ->group("Scheduler")
      ->capture_default_str();
  run.add_option("--meters", words.meters, "Off only to measure what it costs to know what containers run and wait")
      ->envname("MUS_METERS")
      ->check(CLI::IsMember({"on", "off"}))
      ->group("Scheduler")
      ->capture_default_str();
  run.add_option("--boost-ceiling", options.scheduler.boost_ceiling,
                 "Part of the CPUs that all boosted together get at most while others want them; 1: no ceiling")
      ->envname("MUS_BOOST_CEILING")
      ->check(CLI::Range(kLowestCeiling, 1.0))
      ->group("Scheduler")
      ->capture_default_str();
  run.add_option("--node-floor", options.scheduler.node_floor,
                 "Part of the CPUs that the node's own services keep from boosts; 0: no floor")
      ->envname("MUS_NODE_FLOOR")
      ->check(CLI::Range(0.0, kHighestFloor))
      ->group("Scheduler")
      ->capture_default_str();
  add_pod_sources(run, options);
  add_annotations(run, options, words);
}

void take_run_words(const RunWords& words, Options& options) {
  if (options.listen == "off") options.listen.clear();
  if (options.rules == "off") options.rules.clear();
  if (options.metrics_listen == "off") options.metrics_listen.clear();
  options.on_unsupported = words.on_unsupported == "idle" ? Options::OnUnsupported::idle : Options::OnUnsupported::fail;
  options.scheduler.wakeup_preemption = words.wakeup_preemption == "on";
  options.scheduler.idle_selection = words.idle_selection == "on";
  options.scheduler.cpu_weight = words.cpu_weight == "on";
  options.scheduler.meters = words.meters == "on";
  options.scheduler.queue_per_cache = words.queues == "cache";
  options.scheduler.slice_ns = words.slice_us * 1000;
  options.scheduler.lag_ns = words.lag_us * 1000;
  if (!words.annotation_namespaces.empty()) options.annotation_namespaces = split(words.annotation_namespaces);
  if (!words.allow_unenforced.empty()) options.allow_unenforced = split(words.allow_unenforced);
}

}  // namespace mus
