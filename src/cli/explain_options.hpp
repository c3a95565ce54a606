// SPDX-License-Identifier: Apache-2.0
// What `explain` takes besides a target.
#pragma once

#include "cli/command.hpp"

namespace CLI {
class App;
}

namespace mus {

void add_explain_options(CLI::App& explain, Command& command);

}  // namespace mus
