// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include "cli/events.hpp"

namespace mus {
namespace {

constexpr const char* kEventsFooter =
    "Examples:\n"
    "  mus-scheduler events                                 what happens from now on, until Ctrl-C\n"
    "  mus-scheduler events --since 0 --json                all that is kept, and on; one JSON document a line\n"
    "  mus-scheduler events --kind lost,restored            only containers that went and came back\n"
    "The daemon keeps the last 1024 events.";

}  // namespace

void add_events_options(CLI::App& events, Command& command) {
  events.add_option("--since", command.since, "Begin after the event with this id; 0: with the oldest that is kept");
  events.add_option("--kind,-k", command.kinds, "Only these kinds, with commas between them");
  events.footer(kEventsFooter);
}

}  // namespace mus
