// SPDX-License-Identifier: Apache-2.0
// Desired state as it outlives the daemon: without anything that is true for one run only, such as a point of the
// monotonic clock. Pure: what the clocks say is an argument.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/desired.hpp"
#include "core/reconcile.hpp"
#include "mus/result.hpp"

namespace mus {

/// One moment on the clocks that go on while the daemon does not run.
struct Calendar {
  std::chrono::milliseconds wall{};      ///< since 1970; may be set to anything at any time
  std::chrono::milliseconds boottime{};  ///< since this boot, suspended or not
  std::string boot;                      ///< which boot that is; empty: not known

  bool operator==(const Calendar&) const = default;
};

struct SavedBoost {
  std::uint64_t number = 0;
  Target target;  ///< of kind pod, cgroup or unit
  std::uint32_t weight = 0;
  bool ignore_limit = false;
  std::optional<std::chrono::milliseconds> ttl;
  std::chrono::milliseconds left{};  ///< of the ttl, when it was written
  bool declared = false;             ///< as in DesiredBoost; with none of its ttl left it is spent

  bool operator==(const SavedBoost&) const = default;
};

struct SavedState {
  std::uint64_t version = 0;
  std::uint64_t next = 1;  ///< number of the next boost
  Calendar written;
  std::vector<SavedBoost> boosts;  ///< in the order in which they were set

  bool operator==(const SavedState&) const = default;
};

[[nodiscard]] SavedState to_saved(const DesiredState& desired, Calendar calendar, TimePoint now);

/// Is it one that to_saved() could have made? Errc::protocol says what is wrong.
[[nodiscard]] Result<void> check_saved(const SavedState& saved);

/// How long it was away. On the same boot that clock tells which nobody can set. On another one the wall clock does, if
/// it makes sense: at least this boot's time has passed, and no boost gets more time than it had left.
struct Absence {
  std::chrono::milliseconds time{};
  std::string how;   ///< how that is known, in a clause
  bool odd = false;  ///< the wall clock had to be corrected
};
[[nodiscard]] Absence absence(const Calendar& written, const Calendar& now);

struct Restored {
  DesiredState desired;
  std::vector<std::pair<DesiredBoost, Ending>> ended;  ///< whose time was up meanwhile
  Absence away;
};
/// `saved` has been checked.
[[nodiscard]] Restored restore(const SavedState& saved, const Calendar& calendar, TimePoint now);

}  // namespace mus
