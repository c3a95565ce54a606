// SPDX-License-Identifier: Apache-2.0
// Who asked for a change, what for, and what came of it: a line for each, for the daemon's log.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "mus/http.hpp"
#include "mus/types.hpp"

namespace mus {

/// Called from several threads at once; must not throw.
using AuditLog = std::function<void(const std::string& line)>;

/// What was asked for takes at most that much of a line.
inline constexpr std::size_t kAuditedBytes = 512;
/// Lines about refused requests: so many at once, and one more each second. Whoever has no right may ask all day, and
/// must not fill the log. The next line says how many were left out.
inline constexpr unsigned kRefusalsAtOnce = 20;

/// Answers as `inner` does, and tells `log` of every request but GET and HEAD:
/// "audit: 200 uid=0 gid=0 pid=812 POST /prioritize pod=redis weight=4096". Where it came by TCP, "tcp" stands for the
/// ids. What the caller chose comes last, in printable ASCII, so that no text of his can be taken for ours. No header
/// is told. `inner` must outlive it.
[[nodiscard]] std::unique_ptr<HttpHandler> make_audited(HttpHandler& inner, AuditLog log,
                                                        std::function<TimePoint()> now = Clock::now);

}  // namespace mus
