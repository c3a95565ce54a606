// SPDX-License-Identifier: Apache-2.0
// The command line, understood.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "mus/options.hpp"

namespace mus {

/// What a client command names; passed on to the API as it is, which does the checking that needs the node.
struct ClientTarget {
  std::string pod, cgroup, unit, pid;
  std::string ns, container, uid, label;
  bool all = false;

  bool operator==(const ClientTarget&) const = default;
};

struct Command {
  enum class Kind { run, status, pods, top, prioritize, reset, explain, events, rules, check, version };
  Kind kind = Kind::run;
  Options options;  ///< `run`; of the others only the socket and the roots
  bool json = false;
  ClientTarget target;  ///< prioritize, reset, explain
  bool pick = false;    ///< of prioritize: no target was given, and somebody can be asked
  std::optional<std::uint32_t> weight;
  std::string ttl;
  std::string wait;                    ///< of prioritize
  bool ignore_limit = false;           ///< of prioritize
  bool dry_run = false;                ///< of prioritize
  std::optional<std::uint64_t> since;  ///< of events
  std::string kinds;                   ///< of events
  bool pause_rules = false;            ///< of rules, as the next two
  bool resume_rules = false;
  std::string rules_file;  ///< whose rules are to be in force, or with dry_run, checked
};

/// The program ends without running a command: after --help (0), or for a usage error (2).
struct EarlyExit {
  int code = 0;
  std::string text;  ///< for stdout when code is 0, else for stderr
};

/// Reads arguments and the MUS_* environment. Flags win over the environment. `can_ask`: somebody sits at a terminal.
tl::expected<Command, EarlyExit> parse_command_line(int argc, const char* const* argv, bool can_ask = false);

/// What is wrong with a combination of options, or nothing.
std::optional<std::string> find_contradiction(const Options& options);

}  // namespace mus
