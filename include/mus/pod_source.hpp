// SPDX-License-Identifier: Apache-2.0
// Who knows the node's pods.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "mus/result.hpp"
#include "mus/types.hpp"

namespace mus {

struct PodSourceState {
  std::string name;  ///< "kubelet https://127.0.0.1:10250", "none"
  std::optional<TimePoint> last_success;
  std::string last_error;  ///< empty after a success
  std::string note{};      ///< what was odd but harmless in the last good list; empty as a rule
};

/// Thread-safe.
class PodSource {
 public:
  enum class Freshness {
    cached,  ///< a list some seconds old will do
    fresh,   ///< ask now (rate-limited: an answer less than a second old counts as fresh)
  };
  virtual ~PodSource() = default;
  /// Errc::unavailable: source away; unsupported: none configured; unauthorized/forbidden: it refused us;
  /// protocol: it answered garbage. On error the last good list stays cached for `cached` readers until too old.
  virtual Result<PodList> list(Freshness freshness) = 0;
  /// The last good list while it may serve `cached` readers, else none. Never asks, and waits for nobody.
  [[nodiscard]] virtual std::shared_ptr<const PodList> known() const = 0;
  [[nodiscard]] virtual PodSourceState state() const = 0;
};

}  // namespace mus
