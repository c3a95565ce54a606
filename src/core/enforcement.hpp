// SPDX-License-Identifier: Apache-2.0
// A node keeps promises with cpu.weight, cpu.max and cpu.idle. A scheduler that does not go by them breaks these
// promises without a word; ours says so, and does not start unless it was told to.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mus/result.hpp"
#include "mus/scheduler.hpp"

namespace mus {

/// What can be enforced without a cpu controller: nothing, for this reason.
[[nodiscard]] std::vector<Enforcement> without_controller(std::vector<Enforcement> settings, const Error& why);

/// All three, unknown or impossible for one reason.
[[nodiscard]] std::vector<Enforcement> none_enforced(const std::string& why);

/// A line of `check` for each. Not enforced is a failure, or a warning where it is in `allowed` or was chosen.
[[nodiscard]] std::vector<CheckItem> to_check_items(const std::vector<Enforcement>& settings,
                                                    const std::vector<std::string>& allowed);

/// Why the scheduler must not be attached, Errc::unsupported; none when all is enforced, allowed or chosen.
[[nodiscard]] std::optional<Error> find_refusal(const std::vector<Enforcement>& settings,
                                                const std::vector<std::string>& allowed);

/// For the log, one line: "enforced: cpu.weight, cpu.max; not enforced: cpu.idle (why)".
[[nodiscard]] std::string enforced_summary(const std::vector<Enforcement>& settings);

}  // namespace mus
