// SPDX-License-Identifier: Apache-2.0
// `prioritize` without a target, on a terminal: which one is meant is asked for.
#pragma once

#include <iosfwd>
#include <optional>

#include "cli/command.hpp"
#include "mus/http.hpp"

namespace mus {

/// Lists the containers that have used most CPU time and asks for one, by number or by a part of its name, until it is
/// told one. None: nothing was chosen, or there was nothing to choose from, which has been said.
std::optional<ClientTarget> pick_target(const Command& command, HttpClient& client, std::istream& in,
                                        std::ostream& out);

}  // namespace mus
