// SPDX-License-Identifier: Apache-2.0
// The boosts as the API shows them: what was asked for beside what stands in the scheduler.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "core/boosts.hpp"
#include "core/desired.hpp"
#include "core/reconcile.hpp"
#include "mus/service.hpp"

namespace mus {

/// What the scheduler holds.
struct InForce {
  Policies map;
  std::string obstacle;  ///< why it can hold nothing; empty while it is attached
  std::string trouble;   ///< why the last change of the map could not be made whole; empty when it could
};

[[nodiscard]] Boost show(const DesiredBoost& boost, const Reach& reach, const InForce& force, TimePoint now);
/// All, oldest id first.
[[nodiscard]] std::vector<Boost> show_all(const DesiredState& desired, const Reaches& reaches, const InForce& force,
                                          TimePoint now);

/// The weights in force by directory, for weight_of().
[[nodiscard]] PathWeights weights_by_path(const Reaches& reaches, const InForce& force);

/// Boosts that are over by themselves, for a short while: so that whoever looks for one finds out.
class EndedBoosts {
 public:
  static constexpr std::size_t kMost = 64;
  static constexpr std::chrono::minutes kLongest{5};

  /// `shown`: as it was; `why`: what ended it.
  void add(Boost shown, bool expired, const std::string& why, TimePoint now);
  /// Latest last.
  [[nodiscard]] std::vector<Boost> view(TimePoint now);

 private:
  struct Entry {
    Boost boost;
    TimePoint at;
  };
  void forget(TimePoint now);

  std::deque<Entry> entries_;
};

}  // namespace mus
