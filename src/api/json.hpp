// SPDX-License-Identifier: Apache-2.0
// The documents that the API answers with, as text. What is in them: docs/api.md.
#pragma once

#include <string>
#include <vector>

#include "api/problem.hpp"
#include "mus/service.hpp"

namespace mus {

[[nodiscard]] std::string problem_json(const Problem& problem);
[[nodiscard]] std::string prioritize_json(const PrioritizeReply& reply);
[[nodiscard]] std::string removed_json(const std::vector<Boost>& removed);
[[nodiscard]] std::string priorities_json(const std::vector<Boost>& boosts);
[[nodiscard]] std::string pods_json(const std::vector<PodRow>& pods);
[[nodiscard]] std::string status_json(const StatusSnapshot& status, const CgroupFigures& figures);
/// The `scheduler` part of the status alone: the answer to /attach and /detach.
[[nodiscard]] std::string scheduler_json(const StatusSnapshot& status);
[[nodiscard]] std::string version_json();

[[nodiscard]] const char* mode_word(SchedulerMode mode);
/// enum scx_exit_kind as a word; "error" for those that have none of their own.
[[nodiscard]] const char* exit_kind_word(std::uint32_t kind);

}  // namespace mus
