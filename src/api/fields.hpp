// SPDX-License-Identifier: Apache-2.0
// What a single value must look like. Each returns an error that says what is wrong and what to write instead.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "mus/result.hpp"

namespace mus {

[[nodiscard]] Result<void> check_pod_name(std::string_view value);
[[nodiscard]] Result<void> check_namespace(std::string_view value);
[[nodiscard]] Result<void> check_container_name(std::string_view value);
[[nodiscard]] Result<void> check_uid(std::string_view value);
[[nodiscard]] Result<void> check_label(std::string_view value);
[[nodiscard]] Result<void> check_cgroup_path(std::string_view value);
[[nodiscard]] Result<void> check_unit_name(std::string_view value);
[[nodiscard]] Result<std::int64_t> to_pid(std::string_view value);
[[nodiscard]] Result<std::uint32_t> to_weight(std::string_view value);
[[nodiscard]] Result<std::chrono::milliseconds> to_ttl(std::string_view value);
[[nodiscard]] Result<std::chrono::milliseconds> to_wait(std::string_view value);

/// For messages: in quotes, cut to a readable length.
[[nodiscard]] std::string shown(std::string_view value);

}  // namespace mus
