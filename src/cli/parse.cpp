// SPDX-License-Identifier: Apache-2.0
// The only translation unit that includes CLI11. Compiles with 2.1 (Debian 12) and 2.4 and later (Debian 13).
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <sstream>

#include "cli/command.hpp"
#include "mus/abi.h"

namespace mus {
namespace {

constexpr int kUsage = 2;
constexpr std::uint64_t kShortestSliceUs = 100;
constexpr std::uint64_t kLongestSliceUs = 100'000;
constexpr std::uint64_t kShortestLagUs = 100;
constexpr std::uint64_t kLongestLagUs = 100'000;
constexpr double kLowestCeiling = 0.1;
constexpr double kHighestFloor = 0.5;

constexpr const char* kAbout =
    "mus-scheduler boosts single Kubernetes containers, live, on a node whose CPUs are fought over.\n"
    "'run' is the daemon; the other commands talk to it over its unix socket.";

constexpr const char* kPrioritizeFooter =
    "Examples:\n"
    "  mus-scheduler prioritize redis                       the pod, or the pod whose app label says redis\n"
    "  mus-scheduler prioritize redis --ttl 10m             for ten minutes\n"
    "  mus-scheduler prioritize redis --namespace shop --container server --weight 8192\n"
    "  mus-scheduler prioritize --unit redis-server         a systemd unit, no Kubernetes needed\n"
    "  mus-scheduler prioritize redis --dry-run             what would be boosted\n"
    "Setting a boost again replaces it whole. 'reset' with the same target takes it back.";

// Options that CLI11 fills and that need a second look before they become Options.
struct Raw {
  Command command;
  std::string on_unsupported = "fail";
  std::string wakeup_preemption = "on";
  std::string idle_selection = "on";
  std::string queues = "cache";
  std::string cpu_weight = "on";
  std::uint64_t slice_us = 3000;
  std::uint64_t lag_us = 10000;
};

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

void add_json(CLI::App& app, bool& json) {
  app.add_flag("--json", json, "Print the API's JSON as it is");
}

void add_kubelet(CLI::App& app, KubeletSettings& kubelet) {
  const auto add = [&app](const char* name, const char* variable, std::string& value, const char* text) {
    app.add_option(name, value, text)->envname(variable)->group("Kubelet");
  };
  add("--kubelet-url", "MUS_KUBELET_URL", kubelet.url,
      "Its address, e.g. https://127.0.0.1:10250; without it pods cannot be named");
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
      ->group("Kubelet");
}

void add_run(CLI::App& app, Raw& raw) {
  auto& options = raw.command.options;
  auto* run = app.add_subcommand("run", "Run the daemon: attach the scheduler and serve the API");
  add_socket(*run, options);
  run->add_option("--listen", options.listen, "Loopback ADDRESS:PORT of the API; '' or 'off' turns TCP off")
      ->envname("MUS_LISTEN")
      ->capture_default_str();
  run->add_option("--state-dir", options.state_dir, "Directory of the token and the lock")
      ->envname("MUS_STATE_DIR")
      ->capture_default_str();
  run->add_option("--token-file", options.token_file,
                  "Bearer token for changes over TCP; made if missing (default: 'token' in the state directory)")
      ->envname("MUS_TOKEN_FILE");
  add_roots(*run, options);
  run->add_option("--on-unsupported", raw.on_unsupported,
                  "On a node that cannot run us: fail, or idle with /readyz 503")
      ->envname("MUS_ON_UNSUPPORTED")
      ->check(CLI::IsMember({"fail", "idle"}))
      ->capture_default_str();
  run->add_flag("--dry-run", options.dry_run, "Everything but the scheduler, which is in memory: needs no root")
      ->envname("MUS_DRY_RUN");
  run->add_option("--log-level", options.log_level, "Least serious message to log")
      ->envname("MUS_LOG_LEVEL")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
  const auto setting = [run](const char* name, const char* variable, auto& value, const CLI::Validator& valid,
                             const char* text) {
    run->add_option(name, value, text)->envname(variable)->check(valid)->group("Scheduler")->capture_default_str();
  };
  const CLI::IsMember on_off({"on", "off"});
  run->add_option("--slice", raw.slice_us, "Microseconds that a task runs before the next is looked for")
      ->envname("MUS_SLICE")
      ->check(CLI::Range(kShortestSliceUs, kLongestSliceUs))
      ->group("Scheduler")
      ->capture_default_str();
  run->add_option("--lag", raw.lag_us, "Microseconds of service that a container which slept may be behind the others")
      ->envname("MUS_LAG")
      ->check(CLI::Range(kShortestLagUs, kLongestLagUs))
      ->group("Scheduler")
      ->capture_default_str();
  setting("--wakeup-preemption", "MUS_WAKEUP_PREEMPTION", raw.wakeup_preemption, on_off,
          "Off only to measure what it does");
  setting("--idle-selection", "MUS_IDLE_SELECTION", raw.idle_selection, on_off, "Off only to measure what it does");
  run->add_option("--queues", raw.queues, "One for each last-level cache, or one for the machine")
      ->envname("MUS_QUEUES")
      ->check(CLI::IsMember({"cache", "one"}))
      ->group("Scheduler")
      ->capture_default_str();
  setting("--cpu-weight", "MUS_CPU_WEIGHT", raw.cpu_weight, on_off,
          "Off only to measure: all cgroups alike, whatever their cpu.weight");
  setting("--boost-ceiling", "MUS_BOOST_CEILING", options.scheduler.boost_ceiling, CLI::Range(kLowestCeiling, 1.0),
          "Part of the CPUs that all boosted together get at most while others want them; 1: no ceiling");
  setting("--node-floor", "MUS_NODE_FLOOR", options.scheduler.node_floor, CLI::Range(0.0, kHighestFloor),
          "Part of the CPUs that the node's own services keep from boosts; 0: no floor");
  add_kubelet(*run, options.kubelet);
  run->parse_complete_callback([&raw] { raw.command.kind = Command::Kind::run; });
}

void add_target(CLI::App& app, ClientTarget& target) {
  app.add_option("POD,--pod", target.pod, "Pod name, or the value of its app label");
  app.add_option("--namespace,-n", target.ns, "Only in this namespace");
  app.add_option("--container,-c", target.container, "This container instead of the whole pod");
  app.add_option("--uid", target.uid, "Only the pod with this uid");
  app.add_option("--label", target.label, "Pods with the label KEY=VALUE");
  app.add_option("--unit", target.unit, "Instead of a pod: a systemd unit");
  app.add_option("--cgroup", target.cgroup, "Instead of a pod: a cgroup, by its path below the cgroup root");
  app.add_option("--pid", target.pid, "Instead of a pod: the cgroup of a process");
}

void add_prioritize(CLI::App& app, Raw& raw) {
  auto& command = raw.command;
  auto* sub = app.add_subcommand("prioritize", "Boost a pod, a container, a unit or a cgroup");
  add_socket(*sub, command.options);
  add_target(*sub, command.target);
  sub->add_flag("--all", command.target.all, "Several matches are meant: boost them all");
  sub->add_option("--weight,-w", command.weight, "16 to 102400; 1024 is what it has anyway (default: 4096)")
      ->check(CLI::Range(std::uint32_t{MUS_WEIGHT_MIN}, std::uint32_t{MUS_WEIGHT_MAX}));
  sub->add_option("--ttl,-t", command.ttl, "End the boost after this time: 90s, 10m, 1h30m (default: never)");
  sub->add_flag("--dry-run", command.dry_run, "Say what would be boosted, change nothing");
  add_json(*sub, command.json);
  sub->footer(kPrioritizeFooter);
  sub->parse_complete_callback([&raw] { raw.command.kind = Command::Kind::prioritize; });
}

void add_reset(CLI::App& app, Raw& raw) {
  auto& command = raw.command;
  auto* sub = app.add_subcommand("reset", "Take boosts back: those that agree with everything given");
  add_socket(*sub, command.options);
  add_target(*sub, command.target);
  sub->add_flag("--all", command.target.all, "Alone: every boost");
  add_json(*sub, command.json);
  sub->parse_complete_callback([&raw] { raw.command.kind = Command::Kind::reset; });
}

void add_simple(CLI::App& app, Raw& raw) {
  auto& command = raw.command;
  auto* status = app.add_subcommand("status", "Is the scheduler attached, and what is boosted?");
  add_socket(*status, command.options);
  add_json(*status, command.json);
  status->parse_complete_callback([&raw] { raw.command.kind = Command::Kind::status; });

  auto* pods = app.add_subcommand("pods", "The node's containers: weight, CPU time, run-queue wait");
  add_socket(*pods, command.options);
  add_json(*pods, command.json);
  pods->parse_complete_callback([&raw] { raw.command.kind = Command::Kind::pods; });

  auto* check = app.add_subcommand("check", "Can this node run mus-scheduler? What to do if not");
  add_roots(*check, command.options);
  add_json(*check, command.json);
  check->parse_complete_callback([&raw] { raw.command.kind = Command::Kind::check; });

  auto* version = app.add_subcommand("version", "Print the version");
  version->parse_complete_callback([&raw] { raw.command.kind = Command::Kind::version; });
}

bool names_something(const ClientTarget& target) {
  ClientTarget without_all = target;
  without_all.all = false;
  return !(without_all == ClientTarget{});
}

std::optional<std::string> find_mixture(const ClientTarget& target) {
  const bool kubernetes = !target.pod.empty() || !target.uid.empty() || !target.label.empty();
  const int named =
      int{kubernetes} + int{!target.cgroup.empty()} + int{!target.unit.empty()} + int{!target.pid.empty()};
  if (named > 1) return "one target at a time: a pod, --unit, --cgroup or --pid";
  if (!kubernetes && (!target.ns.empty() || !target.container.empty())) {
    return "--namespace and --container say which pod: name a pod too (or --label, --uid)";
  }
  return std::nullopt;
}

std::optional<std::string> finish(Raw& raw) {
  auto& command = raw.command;
  auto& options = command.options;
  switch (command.kind) {
    case Command::Kind::run:
      if (options.listen == "off") options.listen.clear();
      options.on_unsupported =
          raw.on_unsupported == "idle" ? Options::OnUnsupported::idle : Options::OnUnsupported::fail;
      options.scheduler.wakeup_preemption = raw.wakeup_preemption == "on";
      options.scheduler.idle_selection = raw.idle_selection == "on";
      options.scheduler.cpu_weight = raw.cpu_weight == "on";
      options.scheduler.queue_per_cache = raw.queues == "cache";
      options.scheduler.slice_ns = raw.slice_us * 1000;
      options.scheduler.lag_ns = raw.lag_us * 1000;
      return find_contradiction(options);
    case Command::Kind::prioritize:
      if (!names_something(command.target))
        return "prioritize needs a target: a pod, --label, --cgroup, --unit or --pid";
      return find_mixture(command.target);
    case Command::Kind::reset:
      if (!names_something(command.target) && !command.target.all) {
        return "reset needs a target, or --all to take every boost back";
      }
      return find_mixture(command.target);
    default:
      return std::nullopt;
  }
}

// CLI11 2.4 and later pass over a variable whose value an option does not accept, as if it were not set.
std::optional<std::string> find_ignored_variable(const CLI::App& app) {
  for (const auto* command : app.get_subcommands()) {
    for (const auto* option : command->get_options()) {
      const auto& name = option->get_envname();
      const char* value = name.empty() ? nullptr : std::getenv(name.c_str());
      if (value == nullptr || *value == '\0' || option->count() != 0) continue;
      return name + "=" + value + " is not what " + option->get_name() + " accepts";
    }
  }
  return std::nullopt;
}

EarlyExit usage_error(const std::string& sentence, const std::string& subcommand) {
  return {kUsage, "mus-scheduler: " + sentence + "\nTry 'mus-scheduler " +
                      (subcommand.empty() ? "" : subcommand + " ") + "--help'.\n"};
}

}  // namespace

tl::expected<Command, EarlyExit> parse_command_line(int argc, const char* const* argv) {
  Raw raw;
  CLI::App app(kAbout, "mus-scheduler");
  app.require_subcommand(1);
  add_run(app, raw);
  add_simple(app, raw);
  add_prioritize(app, raw);
  add_reset(app, raw);
  const auto chosen = [&app] {
    const auto subcommands = app.get_subcommands();
    return subcommands.empty() ? std::string() : subcommands.front()->get_name();
  };
  // CLI11 would only say that a command is missing.
  const auto is_named = [&](const CLI::App* command) { return command->get_name() == argv[1]; };
  if (argc > 1 && argv[1][0] != '-' &&
      app.get_subcommands([&](CLI::App* command) { return is_named(command); }).empty()) {
    return tl::unexpected(usage_error("there is no command '" + std::string(argv[1]) + "'", {}));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) return tl::unexpected(usage_error(error.what(), chosen()));
    std::ostringstream out;
    std::ostringstream ignored;
    app.exit(error, out, ignored);  // prints the help
    return tl::unexpected(EarlyExit{0, out.str()});
  } catch (const std::exception& error) {
    return tl::unexpected(usage_error(error.what(), chosen()));
  }
  if (const auto ignored = find_ignored_variable(app)) return tl::unexpected(usage_error(*ignored, chosen()));
  if (const auto wrong = finish(raw)) return tl::unexpected(usage_error(*wrong, chosen()));
  return raw.command;
}

}  // namespace mus
