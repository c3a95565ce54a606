// SPDX-License-Identifier: Apache-2.0
#include "core/exit_policy.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace mus;
using namespace std::chrono_literals;
using Action = Verdict::Action;

namespace {

constexpr std::int64_t kRestart = 1LL << 48;
constexpr std::int64_t kHotplug = 1LL << 32;
const TimePoint kBegin{1000h};

ExitRecord record(std::uint32_t kind, std::int64_t code = 0) {
  return {kind, code, "", ""};
}

}  // namespace

TEST_CASE("each exit kind has its verdict", "[exit_policy]") {
  struct Row {
    const char* what;
    ExitRecord record;
    Action action;
  };
  const Row rows[] = {
      {"somebody else's unregister", record(64), Action::stay_off},
      {"unregister that asks for a restart", record(64, kRestart), Action::attach_now},
      {"the BPF program asked for a restart", record(65, kRestart), Action::attach_now},
      {"the BPF program left", record(65), Action::retry_later},
      {"hotplug", record(66, kRestart | kHotplug), Action::attach_now},
      {"unregistered by the kernel without a code", record(66), Action::attach_now},
      {"SysRq-S", record(67), Action::stay_off},
      {"SysRq-S with any code", record(67, kRestart), Action::stay_off},
      {"a kind that is not known yet", record(68), Action::retry_later},
      {"run-time error", record(1024), Action::retry_later},
      {"error of the BPF program", record(1025), Action::retry_later},
      {"stall", record(1026), Action::retry_later},
      {"an error never restarts at once, whatever its code", record(1026, kRestart), Action::retry_later},
      {"no kind at all", record(0), Action::retry_later},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    ExitPolicy policy;
    const auto verdict = policy.ejected(row.record, kBegin);
    CHECK(verdict.action == row.action);
    CHECK_FALSE(verdict.why.empty());
  }
}

TEST_CASE("errors back off twice as long each time and are given up at the fifth in ten minutes", "[exit_policy]") {
  ExitPolicy policy;
  auto now = kBegin;
  for (const auto delay : {1s, 2s, 4s, 8s}) {
    const auto verdict = policy.ejected(record(1026), now);
    CHECK(verdict.action == Action::retry_later);
    CHECK(verdict.delay == delay);
    policy.attached();  // attaching again does not hide that it keeps failing
    now += 1min;
  }
  const auto last = policy.ejected(record(1026), now);
  CHECK(last.action == Action::give_up);
  CHECK(last.why.find("gave up after 5 ejections") != std::string::npos);
  CHECK(last.why.find("stall") != std::string::npos);
}

TEST_CASE("ejections that are older than the window are forgotten", "[exit_policy]") {
  ExitPolicy policy;
  auto now = kBegin;
  for (int i = 0; i < 100; ++i) {
    CHECK(policy.ejected(record(1024), now).action == Action::retry_later);
    now += 151s;  // never five within 600 s
  }
}

TEST_CASE("rearming forgets the history", "[exit_policy]") {
  ExitPolicy policy;
  for (int i = 0; i < 5; ++i) (void)policy.ejected(record(1024), kBegin);
  policy.rearm();
  const auto verdict = policy.ejected(record(1024), kBegin);
  CHECK(verdict.action == Action::retry_later);
  CHECK(verdict.delay == 1s);
}

TEST_CASE("hotplug restarts never count towards giving up, but many in a row are slowed down", "[exit_policy]") {
  ExitPolicy policy;
  auto now = kBegin;
  for (int i = 0; i < 50; ++i) {
    CHECK(policy.ejected(record(66, kRestart), now).action == Action::attach_now);
    now += 2s;
  }
  unsigned slowed = 0;
  for (int i = 0; i < 50; ++i) {
    const auto verdict = policy.ejected(record(66, kRestart), now);
    if (verdict.action == Action::retry_later) {
      CHECK(verdict.delay == 1s);
      ++slowed;
    }
    CHECK(verdict.action != Action::give_up);
    now += 1ms;
  }
  CHECK(slowed >= 40);
  CHECK(policy.ejected(record(1024), now).delay == 1s);
}

TEST_CASE("another scheduler is waited for without end, up to a minute at a time", "[exit_policy]") {
  ExitPolicy policy;
  const Error busy{Errc::busy, "another sched_ext scheduler is attached", ""};
  auto expected = 1000ms;
  for (int i = 0; i < 500; ++i) {
    const auto verdict = policy.attach_failed(busy);
    CHECK(verdict.action == Action::retry_later);
    CHECK(verdict.delay == std::min(expected, std::chrono::milliseconds{60s}));
    CHECK(verdict.why == busy.message);
    expected = std::min<std::chrono::milliseconds>(expected * 2, 60s);
  }
  policy.attached();
  CHECK(policy.attach_failed(busy).delay == 1s);
}

TEST_CASE("a kernel that cannot and a refused capability are not tried again", "[exit_policy]") {
  for (const auto code : {Errc::unsupported, Errc::forbidden}) {
    ExitPolicy policy;
    CHECK(policy.attach_failed({code, "no", ""}).action == Action::unsupported);
  }
  ExitPolicy policy;
  CHECK(policy.attach_failed({Errc::io, "out of memory", ""}).action == Action::retry_later);
}

TEST_CASE("an exit record is described by its kind, reason and message", "[exit_policy]") {
  CHECK(describe({67, 0, "", ""}) == "SysRq-S");
  CHECK(describe({1026, 0, "runnable task stall", "hog[12] failed to run"}) ==
        "runnable task stall (hog[12] failed to run)");
  CHECK(describe({1024, 0, "runtime error", ""}) == "runtime error");
  CHECK(describe({1999, 0, "", ""}) == "exit kind 1999");
}
