// SPDX-License-Identifier: Apache-2.0
// The controller behind a target: how much CPU time a container must be entitled to so that its tasks wait no longer
// than they should. Pure; time is an argument.
//
// Under weighted vtime with wakeup preemption a task waits long once its cgroup asks for more than it is entitled to,
// and hardly otherwise. So the controller asks for entitlements and not for weights, which mean another thing with
// every neighbour that comes or goes:
// - what was used of late, and a margin. That rises at once, and falls slowly, by a fixed amount a second;
// - while the bound is broken, more than that by a factor, since who waits uses less than he would, and what has queued
//   up meanwhile must be worked off; and by the same factor again while it stays broken, but not before there are waits
//   that tell of what was given last. This ends when the bound has held for a moment. When it breaks soon after that,
//   although there was all that had been asked for, the margin was too small for these bursts, and grows.
#pragma once

#include <cstdint>
#include <optional>

#include "core/delay_window.hpp"
#include "mus/types.hpp"

namespace mus {

class TargetControl {
 public:
  static constexpr double kMargin = 1.25;  ///< over what is used: bursts, and that it is looked at now and then
  static constexpr double kMostMargin = 2.5;
  static constexpr double kMoreMargin = 1.3;  ///< grows by, when the bound breaks within kRelapse after a catching up
  static constexpr std::chrono::seconds kRelapse{30};
  static constexpr std::chrono::seconds kForgets{120};  ///< without a break, then the margin is the first one again
  static constexpr double kLeast = 0.05;                ///< of the node: what a catching up starts from at least
  static constexpr double kCatchUp = 2;                 ///< multiplicative increase, every kPatience
  static constexpr std::chrono::milliseconds kPatience{3900};
  static constexpr double kGiveBack = 0.02;                   ///< additive decrease: of the node, a second
  static constexpr std::chrono::milliseconds kSettles{1000};  ///< holds for so long before the catching up ends
  static constexpr std::chrono::milliseconds kInVain{3000};   ///< broken with all that there is before we say so

  static constexpr double kNotKnown = -1;

  struct Sample {
    DelayWindow::Verdict verdict = DelayWindow::Verdict::unknown;
    double used_cpus = kNotKnown;      ///< over the last second; below 0: not known
    double entitled_cpus = kNotKnown;  ///< with the weight in force; below 0: not known
    double limit_cpus = 0;             ///< that its cpu.max allows; 0: no limit
    double most_cpus = 1;              ///< that targets may ask for
    double node_cpus = 1;
  };

  enum class State : std::uint8_t {
    holds,      ///< the bound does, or nobody can tell
    catching,   ///< it does not, and more is asked for
    at_limit,   ///< it does not, and its own cpu.max is what holds it back
    exhausted,  ///< it does not, and all that there is to ask for has been asked for
  };

  /// About once a second. CPUs that it should be entitled to, at most `most_cpus`.
  double step(const Sample& sample, TimePoint now);

  [[nodiscard]] State state() const { return state_; }

 private:
  void follow_use(const Sample& sample, double seconds);
  void catch_up(const Sample& sample, TimePoint now);

  State state_ = State::holds;
  double margin_ = kMargin;
  double need_ = 0;   ///< for what is used
  double extra_ = 0;  ///< while it catches up
  std::optional<TimePoint> last_;
  std::optional<TimePoint> broken_;  ///< last seen so
  TimePoint raised_{};               ///< extra_ was
  std::optional<TimePoint> caught_up_;
  std::optional<TimePoint> served_;   ///< since when it has been entitled to what it needs
  std::optional<TimePoint> in_vain_;  ///< since when all there is was not enough
};

}  // namespace mus
