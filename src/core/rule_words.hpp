// SPDX-License-Identifier: Apache-2.0
// What rules did and why, in sentences with figures.
#pragma once

#include <string>

#include "mus/rules.hpp"

namespace mus {

/// "run_delay_p99 is 3.2 ms"; "received_packets is not known".
[[nodiscard]] std::string signal_text(Signal signal, double value);

/// "above 1000/s", in the signal's unit.
[[nodiscard]] std::string comparison_text(Signal signal, const Comparison& is);

/// "3.2 ms", "150 us".
[[nodiscard]] std::string delay_text_us(double us);

/// "shop/redis-1, container server", "/system.slice/x.service".
[[nodiscard]] std::string subject_text(const std::string& ns, const std::string& pod, const std::string& container,
                                       const std::string& path);

}  // namespace mus
