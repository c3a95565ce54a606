// SPDX-License-Identifier: Apache-2.0
// Figures in sentences.
#pragma once

#include <string>

namespace mus {

/// "0.25", "12"; at most two digits behind the point; "less than 0.01".
[[nodiscard]] std::string figure(double value);

/// Of 0.0625: "6 %"; below 1 %: "0.3 %", "less than 0.1 %".
[[nodiscard]] std::string percent(double part);

}  // namespace mus
