// SPDX-License-Identifier: Apache-2.0
// Who knows the node's pods.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mus/result.hpp"
#include "mus/types.hpp"

namespace mus {

/// Shared: lists are long, and nobody changes one.
using PodListPtr = std::shared_ptr<const PodList>;

struct PodSourceState {
  std::string name;  ///< "kubelet https://127.0.0.1:10250"
  std::optional<TimePoint> last_success;
  std::string last_error;  ///< empty after a success
  std::string note{};      ///< what was odd but harmless in the last good list; empty as a rule
  bool labels = true;      ///< its lists have the pods' labels
  bool in_use = false;     ///< it gave the last answer; in states() only, and of one source at most
};

/// Thread-safe.
class PodSource {
 public:
  enum class Freshness {
    cached,  ///< a list some seconds old will do
    fresh,   ///< ask now (rate-limited: an answer less than a second old counts as fresh)
  };
  virtual ~PodSource() = default;
  /// Errc::unavailable: source away; unsupported: there is no Kubernetes here to tell of; unauthorized/forbidden: it
  /// refused us; protocol: it answered garbage. On error the last good list stays cached for `cached` readers until too
  /// old.
  /// What the list cannot tell (labels; pods that it may lack) it says itself: see PodList.
  virtual Result<PodListPtr> list(Freshness freshness) = 0;  // never null
  /// The last good list, unless it is minutes old: then none. Never asks, and waits for nobody.
  [[nodiscard]] virtual PodListPtr known() const = 0;
  /// Of several sources, that of the one which gave the last answer; of the first one when none could.
  [[nodiscard]] virtual PodSourceState state() const = 0;
  /// Every source there is, in the order in which they are asked. Waits for nobody.
  [[nodiscard]] virtual std::vector<PodSourceState> states() const {
    auto only = state();
    only.in_use = true;
    return {std::move(only)};
  }
};

}  // namespace mus
