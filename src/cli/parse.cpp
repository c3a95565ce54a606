// SPDX-License-Identifier: Apache-2.0
// The commands and their options; those of `run`, `explain`, `events` and `rules` are in files of their own. No other
// translation unit includes CLI11. Compiles with 2.1 (Debian 12) and 2.4 and later (Debian 13).
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <sstream>

#include "cli/command.hpp"
#include "cli/events.hpp"
#include "cli/explain_options.hpp"
#include "cli/rules_text.hpp"
#include "cli/run_options.hpp"
#include "mus/abi.h"

namespace mus {
namespace {

constexpr int kUsage = 2;

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
    "  mus-scheduler prioritize                             on a terminal: asks which one\n"
    "Setting a boost again replaces it whole. 'reset' with the same target takes it back.";

constexpr const char* kTopFooter =
    "Keys: b boost, r reset, e explain, / filter, < > sort, ? help, q quit. Works over ssh, in 80x24 and without "
    "colour\n"
    "(NO_COLOR=1). 'pods' prints the same once.";

// What CLI11 fills, some of which needs a second look.
struct Raw {
  Command command;
  RunWords run;
};

void add_json(CLI::App& app, bool& json) {
  app.add_flag("--json", json, "Print the API's JSON as it is");
}

void add_run(CLI::App& app, Raw& raw) {
  auto* run = app.add_subcommand("run", "Run the daemon: attach the scheduler and serve the API");
  add_run_options(*run, raw.command.options, raw.run);
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
  sub->add_option("--wait", command.wait, "Wait for it to be applied, at most this long: 10s (30s at most)");
  sub->add_flag("--ignore-limit", command.ignore_limit,
                "Lift its CPU limit (cpu.max) and its pod's for as long; the daemon must allow it");
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

void add_explain(CLI::App& app, Raw& raw) {
  auto& command = raw.command;
  auto* sub = app.add_subcommand("explain", "Why one gets the CPU time that it gets, and what a boost would change");
  add_socket(*sub, command.options);
  add_target(*sub, command.target);
  add_explain_options(*sub, command);
  add_json(*sub, command.json);
  sub->parse_complete_callback([&raw] { raw.command.kind = Command::Kind::explain; });
}

void add_events(CLI::App& app, Raw& raw) {
  auto& command = raw.command;
  auto* sub = app.add_subcommand("events", "Follow what happens to boosts and to the scheduler");
  add_socket(*sub, command.options);
  add_events_options(*sub, command);
  sub->add_flag("--json", command.json, "Print each event's JSON, one a line");
  sub->parse_complete_callback([&raw] { raw.command.kind = Command::Kind::events; });
}

void add_rules(CLI::App& app, Raw& raw) {
  auto& command = raw.command;
  auto* sub = app.add_subcommand("rules", "The rules by which boosts come and go: see, check, set, pause them");
  add_socket(*sub, command.options);
  add_rules_options(*sub, command);
  add_json(*sub, command.json);
  sub->parse_complete_callback([&raw] { raw.command.kind = Command::Kind::rules; });
}

void add_simple(CLI::App& app, Raw& raw) {
  auto& command = raw.command;
  auto* status = app.add_subcommand("status", "Is the scheduler attached, and what is boosted?");
  add_socket(*status, command.options);
  add_json(*status, command.json);
  status->parse_complete_callback([&raw] { raw.command.kind = Command::Kind::status; });

  auto* pods = app.add_subcommand("pods", "The node's containers: weight, CPU time, run-queue wait, limit");
  add_socket(*pods, command.options);
  add_json(*pods, command.json);
  pods->parse_complete_callback([&raw] { raw.command.kind = Command::Kind::pods; });

  auto* top = app.add_subcommand("top", "The same, live, in the whole terminal; boosts by a key");
  add_socket(*top, command.options);
  top->footer(kTopFooter);
  top->parse_complete_callback([&raw] { raw.command.kind = Command::Kind::top; });

  auto* check = app.add_subcommand("check", "Can this node run mus-scheduler? What to do if not");
  add_roots(*check, command.options);
  add_pod_sources(*check, command.options);
  add_allow_unenforced(*check, raw.run);
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

std::optional<std::string> finish(Raw& raw, bool can_ask) {
  auto& command = raw.command;
  auto& options = command.options;
  switch (command.kind) {
    case Command::Kind::run:
    case Command::Kind::check:
      take_run_words(raw.run, options);
      return find_contradiction(options);
    case Command::Kind::prioritize:
      command.pick = can_ask && command.target == ClientTarget{};
      if (!command.pick && !names_something(command.target))
        return "prioritize needs a target: a pod, --label, --cgroup, --unit or --pid";
      return find_mixture(command.target);
    case Command::Kind::explain:
      if (!names_something(command.target)) return "explain needs a target: a pod, --label, --cgroup, --unit or --pid";
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

tl::expected<Command, EarlyExit> parse_command_line(int argc, const char* const* argv, bool can_ask) {
  Raw raw;
  CLI::App app(kAbout, "mus-scheduler");
  app.require_subcommand(1);
  add_run(app, raw);
  add_simple(app, raw);
  add_prioritize(app, raw);
  add_reset(app, raw);
  add_explain(app, raw);
  add_events(app, raw);
  add_rules(app, raw);
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
  if (const auto wrong = finish(raw, can_ask)) return tl::unexpected(usage_error(*wrong, chosen()));
  return raw.command;
}

}  // namespace mus
