// SPDX-License-Identifier: Apache-2.0
// The client commands: one request to the daemon, its answer as text. Exit codes: 0 done, 1 refused or failed.
#pragma once

#include <iosfwd>
#include <vector>

#include "cli/command.hpp"
#include "mus/http.hpp"
#include "mus/scheduler.hpp"

namespace mus {

/// status, pods, prioritize, reset, explain, rules.
int run_client(const Command& command, HttpClient& client, std::ostream& out, std::ostream& err);

/// One line per item with what to do about it; 1 when one is a failure.
int print_check(const std::vector<CheckItem>& items, bool json, std::ostream& out);

int print_version(std::ostream& out);

/// Method, and path and query, of the request that a command makes.
[[nodiscard]] const char* request_method(const Command& command);
[[nodiscard]] std::string request_path(const Command& command);

/// A refusal, with what to do about it. Both return 1.
int print_problem(const HttpReply& reply, std::ostream& err);
int print_unreachable(const Command& command, const Error& error, std::ostream& err);

}  // namespace mus
