// SPDX-License-Identifier: Apache-2.0
#include "cli/explain_options.hpp"

#include <CLI/CLI.hpp>

#include "mus/abi.h"

namespace mus {
namespace {

constexpr const char* kFooter =
    "Examples:\n"
    "  mus-scheduler explain redis --container server       what the container gets, and why not more\n"
    "  mus-scheduler explain redis --weight 8192            what a boost would change, for it and for others\n"
    "  mus-scheduler explain --unit redis-server            a systemd unit, no Kubernetes needed\n"
    "Nothing is changed.";

}  // namespace

void add_explain_options(CLI::App& explain, Command& command) {
  explain.add_option("--weight,-w", command.weight, "Of a boost that is only thought of: 16 to 102400")
      ->check(CLI::Range(std::uint32_t{MUS_WEIGHT_MIN}, std::uint32_t{MUS_WEIGHT_MAX}));
  explain.footer(kFooter);
}

}  // namespace mus
