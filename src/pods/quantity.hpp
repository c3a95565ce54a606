// SPDX-License-Identifier: Apache-2.0
// CPU quantities as Kubernetes writes them (apimachinery/pkg/api/resource: Quantity): "250m", "1", "1.5", "2k", "1e3".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace mus {

/// No node has more; what claims to is no quantity of CPUs.
inline constexpr std::uint32_t kMostCpuMillis = 1'000'000'000;

/// In thousandths of a CPU, rounded up as Kubernetes rounds. None: not a quantity, negative, or beyond kMostCpuMillis.
[[nodiscard]] std::optional<std::uint32_t> cpu_millis_of(std::string_view text);

}  // namespace mus
