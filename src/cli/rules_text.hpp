// SPDX-License-Identifier: Apache-2.0
// The command `rules`: its options, what it asks, and the answer as text.
#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/command.hpp"
#include "mus/result.hpp"

namespace CLI {
class App;
}

namespace mus {

void add_rules_options(CLI::App& app, Command& command);

/// The text of the file that --set names, "-" being the standard input; not more than the daemon takes.
[[nodiscard]] Result<std::string> read_rules_file(const std::string& path);

void print_rules(const nlohmann::json& answer, std::ostream& out);

}  // namespace mus
