// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "mus/result.hpp"
#include "mus/scheduler.hpp"

namespace mus {

/// Logs to stderr from `level` on. Under systemd ($JOURNAL_STREAM is set) each line begins with its priority, "<6>",
/// which the journal understands, and has no time of its own; else it has one.
void start_logging(const std::string& level, bool journal);

/// True when stderr is the journal's.
bool stderr_is_journal();

// What main has to say before there is a daemon that logs.
void log_line(const std::string& text);
void log_failure(const Error& error);
/// Everything but Level::ok.
void log_findings(const std::vector<CheckItem>& items);

}  // namespace mus
