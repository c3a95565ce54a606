// SPDX-License-Identifier: Apache-2.0
#include "daemon/attachment.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace mus {

Result<void> Attachment::arm(TimePoint now) {
  policy_.rearm();
  if (attached()) return {};
  return try_attach(now);
}

Result<void> Attachment::try_attach(TimePoint now) {
  auto done = refusal_ ? Result<void>(tl::unexpected(*refusal_)) : scheduler_.attach();
  if (done) {
    policy_.attached();
    ++attaches_;
    mode_ = SchedulerMode::attached;
    reason_.clear();
    next_attempt_.reset();
    spdlog::info("the scheduler is attached (attach {} since start)", attaches_);
    return done;
  }
  Error error = done.error();
  // It worked on this kernel before, so whatever it is will pass: out of memory, a race with CPU hotplug.
  if (attaches_ > 0 && error.code == Errc::unsupported) error.code = Errc::io;
  if (error.message != reason_) {  // once, not at each attempt
    spdlog::warn("cannot attach: {}{}{}", error.message, error.advice.empty() ? "" : "; ", error.advice);
  }
  follow(policy_.attach_failed(error), now);
  return done;
}

bool Attachment::poll(TimePoint now) {
  if (mode_ == SchedulerMode::attached && !scheduler_.attached()) {
    lost(scheduler_.ejection().value_or(ExitRecord{0, 0, "detached without a word from the kernel", ""}), now);
  }
  if (!next_attempt_ || now < *next_attempt_) return false;
  return try_attach(now).has_value();
}

void Attachment::lost(const ExitRecord& record, TimePoint now) {
  ++ejections_;
  last_ejection_ = record;
  last_ejection_at_ = now;
  spdlog::warn("the kernel took the scheduler off: kind {} code {:#x} reason \"{}\" message \"{}\"", record.kind,
               static_cast<std::uint64_t>(record.code), record.reason, record.message);
  const auto verdict = policy_.ejected(record, now);
  follow(verdict, now);
  switch (verdict.action) {
    case Verdict::Action::attach_now:
      spdlog::info("{}; attaching again at once", reason_);
      break;
    case Verdict::Action::retry_later:
      spdlog::warn("the kernel's own scheduler runs; attaching again in {} ms", verdict.delay.count());
      break;
    case Verdict::Action::stay_off:
    case Verdict::Action::unsupported:
      spdlog::warn("{}; the kernel's own scheduler runs until POST /attach or a restart", reason_);
      break;
    case Verdict::Action::give_up:
      spdlog::error("{}; the kernel's own scheduler runs until POST /attach or a restart", reason_);
      break;
  }
}

void Attachment::follow(const Verdict& verdict, TimePoint now) {
  reason_ = verdict.why;
  next_attempt_.reset();
  switch (verdict.action) {
    case Verdict::Action::attach_now:
    case Verdict::Action::retry_later:
      mode_ = SchedulerMode::fallback;
      next_attempt_ = now + verdict.delay;
      break;
    case Verdict::Action::stay_off:
    case Verdict::Action::give_up:
      mode_ = SchedulerMode::stopped;
      break;
    case Verdict::Action::unsupported:
      mode_ = SchedulerMode::unsupported;
      break;
  }
}

void Attachment::detach(const std::string& why) {
  scheduler_.detach();
  mode_ = SchedulerMode::stopped;
  reason_ = why;
  next_attempt_.reset();
}

std::string Attachment::obstacle() const {
  if (attached()) return {};
  if (mode_ == SchedulerMode::attached) return "the kernel has just taken the scheduler off";
  return "the kernel's own scheduler runs: " + reason_;
}

std::optional<std::chrono::milliseconds> Attachment::next_attempt_in(TimePoint now) const {
  if (!next_attempt_) return std::nullopt;
  return std::max(std::chrono::ceil<std::chrono::milliseconds>(*next_attempt_ - now), std::chrono::milliseconds{0});
}

void Attachment::describe(StatusSnapshot& status, TimePoint now) const {
  status.mode = mode_;
  status.reason = reason_;
  status.last_ejection = last_ejection_;
  if (last_ejection_) {
    status.last_ejection_age = std::chrono::duration_cast<std::chrono::seconds>(now - last_ejection_at_);
  }
  status.next_attempt_in = next_attempt_in(now);
  status.attaches = attaches_;
  status.ejections = ejections_;
}

}  // namespace mus
