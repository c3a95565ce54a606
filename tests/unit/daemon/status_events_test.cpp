// SPDX-License-Identifier: Apache-2.0
#include "daemon/status_events.hpp"

#include <catch2/catch_test_macros.hpp>
#include <utility>
#include <vector>

#include "support/event_collector.hpp"

using namespace mus;
using namespace mus::test;

TEST_CASE("each change of the scheduler is told once", "[events]") {
  EventCollector told;
  StatusEvents events(told);
  StatusSnapshot status;
  status.pods.name = "none";
  events.observe(status);
  CHECK(told.take().empty());

  status.mode = SchedulerMode::attached;
  status.attaches = 1;
  events.observe(status);
  events.observe(status);
  auto now = told.take();
  REQUIRE(now.size() == 1);
  CHECK(now[0].kind == EventKind::attached);

  status.mode = SchedulerMode::fallback;
  status.ejections = 1;
  ExitRecord record;
  record.reason = "runnable task stall";
  record.message = "watchdog";
  status.last_ejection = record;
  events.observe(status);
  events.observe(status);
  now = told.take();
  REQUIRE(now.size() == 1);
  CHECK(now[0].kind == EventKind::ejected);
  CHECK(now[0].message == "the kernel ended our scheduler: runnable task stall: watchdog");

  status.mode = SchedulerMode::attached;
  status.attaches = 2;
  events.observe(status);
  CHECK(told.take().at(0).kind == EventKind::attached);

  status.mode = SchedulerMode::stopped;
  status.reason = "detached by request";
  events.observe(status);
  now = told.take();
  REQUIRE(now.size() == 1);
  CHECK(now[0].kind == EventKind::detached);
  CHECK(now[0].message == "detached by request");
}

TEST_CASE("an ejection between two looks, with an attach after it, is told as both", "[events]") {
  EventCollector told;
  StatusEvents events(told);
  StatusSnapshot status;
  status.mode = SchedulerMode::attached;
  status.attaches = 1;
  events.observe(status);
  status.attaches = 2;
  status.ejections = 1;
  events.observe(status);
  const auto now = told.take();
  REQUIRE(now.size() == 3);
  CHECK(now[1].kind == EventKind::ejected);
  CHECK(now[2].kind == EventKind::attached);
}

TEST_CASE("a source of pods that fails and works again is told both times", "[events]") {
  EventCollector told;
  StatusEvents events(told);
  StatusSnapshot status;
  status.pods.name = "kubelet https://127.0.0.1:10250";
  status.pods.last_error = "401";
  events.observe(status);
  status.pods.last_error = "still 401";
  events.observe(status);
  auto now = told.take();
  REQUIRE(now.size() == 1);
  CHECK(now[0].kind == EventKind::degraded);
  CHECK(now[0].message == "kubelet https://127.0.0.1:10250: 401");
  status.pods.last_error.clear();
  events.observe(status);
  CHECK(told.take().at(0).kind == EventKind::recovered);
}
