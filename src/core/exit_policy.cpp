// SPDX-License-Identifier: Apache-2.0
#include "core/exit_policy.hpp"

#include <algorithm>

namespace mus {
namespace {

// enum scx_exit_kind and SCX_ECODE_*, which no uapi header has. The same from 6.12 to 7.3.
constexpr std::uint32_t kUnregistered = 64;
constexpr std::uint32_t kUnregisteredByBpf = 65;
constexpr std::uint32_t kUnregisteredByKernel = 66;
constexpr std::uint32_t kSysRq = 67;
constexpr std::uint32_t kError = 1024;
constexpr std::uint32_t kErrorStall = 1026;
constexpr std::int64_t kActRestart = 1LL << 48;

void forget_before(std::deque<TimePoint>& times, TimePoint limit) {
  while (!times.empty() && times.front() <= limit) times.pop_front();
}

std::string count(std::size_t n, const char* noun) {
  return std::to_string(n) + " " + noun + (n == 1 ? "" : "s");
}

}  // namespace

ExitClass classify(const ExitRecord& record) {
  if (record.kind == kSysRq) return ExitClass::administrator;
  if (record.kind >= kError) return ExitClass::error;
  if (record.kind == kUnregisteredByKernel || (record.code & kActRestart) != 0) return ExitClass::restart;
  // Our own detach() leaves no record: this was `bpftool struct_ops unregister` or another tool of the administrator.
  if (record.kind == kUnregistered) return ExitClass::administrator;
  return ExitClass::error;
}

std::string describe(const ExitRecord& record) {
  std::string text;
  switch (record.kind) {
    case kUnregistered:
      text = "unregistered from user space";
      break;
    case kUnregisteredByBpf:
      text = "unregistered by the BPF program";
      break;
    case kUnregisteredByKernel:
      text = "unregistered by the kernel";
      break;
    case kSysRq:
      text = "SysRq-S";
      break;
    case kErrorStall:
      text = "runnable task stall";
      break;
    default:
      text = record.reason.empty() ? "exit kind " + std::to_string(record.kind) : record.reason;
      break;
  }
  if (!record.message.empty()) text += " (" + record.message + ")";
  return text;
}

std::chrono::milliseconds ExitPolicy::back_off(unsigned nth) const {
  auto delay = limits_.first_delay;
  for (unsigned i = 1; i < nth && delay < limits_.longest_delay; ++i) delay *= 2;
  return std::min(delay, limits_.longest_delay);
}

Verdict ExitPolicy::ejected(const ExitRecord& record, TimePoint now) {
  const std::string what = describe(record);
  switch (classify(record)) {
    case ExitClass::administrator:
      return {Verdict::Action::stay_off, {}, "the administrator took the scheduler off: " + what};
    case ExitClass::restart:
      // Each restart needs a CPU to have come or gone, so many in a row are a script at work, not a fault of ours;
      // but reloading for each of them would keep the machine busy with nothing else.
      forget_before(restarts_, now - limits_.restart_window);
      restarts_.push_back(now);
      if (restarts_.size() > limits_.restarts_at_once) {
        return {Verdict::Action::retry_later, limits_.first_delay, "the kernel asked for many restarts: " + what};
      }
      return {Verdict::Action::attach_now, {}, "the kernel asked for a restart: " + what};
    case ExitClass::error:
      break;
  }
  forget_before(errors_, now - limits_.window);
  errors_.push_back(now);
  if (errors_.size() >= limits_.give_up_after) {
    const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(limits_.window).count();
    return {Verdict::Action::give_up,
            {},
            "gave up after " + count(errors_.size(), "ejection") + " within " + std::to_string(minutes) +
                " minutes, the last for: " + what};
  }
  return {Verdict::Action::retry_later, back_off(static_cast<unsigned>(errors_.size())), "ejected: " + what};
}

Verdict ExitPolicy::attach_failed(const Error& error) {
  // Without the capability, or on a kernel without sched_ext, the next attempt ends like this one.
  if (error.code == Errc::unsupported || error.code == Errc::forbidden) {
    return {Verdict::Action::unsupported, {}, error.message};
  }
  ++failures_;
  return {Verdict::Action::retry_later, back_off(failures_), error.message};
}

void ExitPolicy::rearm() {
  errors_.clear();
  restarts_.clear();
  failures_ = 0;
}

}  // namespace mus
