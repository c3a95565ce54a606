// SPDX-License-Identifier: Apache-2.0
#include "core/target_control.hpp"

#include <algorithm>

namespace mus {
namespace {

// Of a limit, what counts as all of it: it is given out in periods, and the last of one may come too late.
constexpr double kAtLimit = 0.9;
// Of what was asked for: weights move in steps, and others' change meanwhile.
constexpr double kAsAsked = 0.9;
// The waits that a verdict goes by may be of the seconds before.
constexpr std::chrono::seconds kServed{2};

}  // namespace

double TargetControl::step(const Sample& sample, TimePoint now) {
  const double seconds = last_ ? std::chrono::duration<double>(now - *last_).count() : 0;
  last_ = now;
  follow_use(sample, seconds);
  if (sample.entitled_cpus < kAsAsked * need_) {
    served_.reset();
  } else if (!served_) {
    served_ = now;
  }
  catch_up(sample, now);
  return std::min(std::max(need_, extra_), sample.most_cpus);
}

void TargetControl::follow_use(const Sample& sample, double seconds) {
  const double wanted = std::min(std::max(sample.used_cpus, 0.0) * margin_, sample.most_cpus);
  need_ = std::max(wanted, need_ - kGiveBack * sample.node_cpus * seconds);
}

void TargetControl::catch_up(const Sample& sample, TimePoint now) {
  if (sample.verdict != DelayWindow::Verdict::broken) {
    state_ = State::holds;
    in_vain_.reset();
    if (extra_ > 0 && now - *broken_ >= kSettles) {
      extra_ = 0;
      caught_up_ = now;
    }
    if (broken_ && now - *broken_ >= kForgets) margin_ = kMargin;
    return;
  }
  const bool relapse = extra_ == 0 && caught_up_ && now - *caught_up_ >= kServed && now - *caught_up_ <= kRelapse;
  if (relapse && served_ && now - *served_ >= kServed) {
    margin_ = std::min(margin_ * kMoreMargin, kMostMargin);
  }
  broken_ = now;
  const double used = std::max(sample.used_cpus, 0.0);
  if (sample.limit_cpus > 0 && used >= kAtLimit * sample.limit_cpus) {
    state_ = State::at_limit;
    in_vain_.reset();
    extra_ = 0;
    return;
  }
  const double least = std::max(kLeast * sample.node_cpus, need_ / margin_);
  if (extra_ == 0 || now - raised_ >= kPatience) {
    extra_ *= kCatchUp;
    raised_ = now;
  }
  extra_ = std::min(std::max(extra_, kCatchUp * std::max(used, least)), sample.most_cpus);
  if (extra_ < sample.most_cpus) {
    in_vain_.reset();
  } else if (!in_vain_) {
    in_vain_ = now;
  }
  state_ = in_vain_ && now - *in_vain_ >= kInVain ? State::exhausted : State::catching;
}

}  // namespace mus
