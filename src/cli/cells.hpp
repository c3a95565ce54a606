// SPDX-License-Identifier: Apache-2.0
// The API's figures in a word or two each, "-" where there are none: in tables, in `top` and in sentences.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace mus {

/// "1h30m", "45s", "0.2s".
[[nodiscard]] std::string duration_text(double seconds);
/// A member that is one; empty when it is absent.
[[nodiscard]] std::string duration_of(const nlohmann::json& object, const char* name);

/// "250us", "1.5ms", "20ms".
[[nodiscard]] std::string delay_text(double us);
/// Of a run_delay's percentile.
[[nodiscard]] std::string delay_of(const nlohmann::json& delay, const char* which);

/// In CPUs: "0.5".
[[nodiscard]] std::string limit_text(const nlohmann::json& limit);

/// Of the periods in which something ran, the part that ended with tasks waiting: "<1%", "30%".
[[nodiscard]] std::string throttled_text(double periods, double throttled_periods);
[[nodiscard]] std::string throttled_of(const nlohmann::json& limits);

/// "pod=redis namespace=shop".
[[nodiscard]] std::string target_text(const nlohmann::json& target);

}  // namespace mus
