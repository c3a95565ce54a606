// SPDX-License-Identifier: Apache-2.0
// The whole program with --dry-run: who follows it sees the scheduler come and go, and cgroups go at once.
#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <nlohmann/json.hpp>
#include <string>

#include "api/daemon_process.hpp"
#include "http/stream_client.hpp"
#include "mus/types.hpp"

using namespace mus::test;
using namespace std::chrono_literals;
using Json = nlohmann::json;

namespace {

void start_ready(DaemonProcess& daemon) {
  daemon.start();
  const auto ready = daemon.notification();
  INFO(daemon.log());
  REQUIRE(ready);
}

Json boosts(const DaemonProcess& daemon) {
  const auto answer = daemon.client({"status", "--json"});
  REQUIRE(answer.code == 0);
  return Json::parse(answer.out)["boosts"];
}

}  // namespace

TEST_CASE("who follows sees the scheduler attached and, at the daemon's end, detached", "[daemon]") {
  DaemonProcess daemon;
  start_ready(daemon);
  std::string text;
  bool told = false;
  const auto client = mus::make_unix_stream_client(daemon.path("api.sock"));
  const auto reply = client->follow("/events?since=0", [&](std::string_view bytes) {
    text += bytes;
    if (!told && text.find("event: attached\n") != std::string::npos) {
      told = true;
      daemon.signal(SIGTERM);
    }
    return true;
  });
  INFO(text);
  REQUIRE(reply);
  CHECK(reply->status == 200);
  CHECK(told);
  CHECK(text.find("event: detached\n") != std::string::npos);
  CHECK(daemon.wait(2s) == 0);
}

TEST_CASE("the events command ends with 1 when there is no daemon, and with 2 for a wrong option", "[daemon]") {
  const DaemonProcess daemon;
  CHECK(daemon.client({"events"}).code == 1);
  CHECK(daemon.client({"events", "--since", "x"}).code == 2);
}

TEST_CASE("a boosted cgroup that is removed is no longer applied, soon after", "[daemon]") {
  DaemonProcess daemon;
  start_ready(daemon);
  REQUIRE(daemon.client({"prioritize", "--cgroup", "/system.slice/noise.service"}).code == 0);
  REQUIRE(boosts(daemon).at(0)["applied"].size() == 1);
  daemon.remove_cgroup("/system.slice/noise.service");
  bool applied = true;
  for (const auto end = mus::Clock::now() + 10s; applied && mus::Clock::now() < end;) {
    applied = !boosts(daemon).at(0)["applied"].empty();
  }
  CHECK_FALSE(applied);
  INFO(daemon.log());
  CHECK(daemon.log().find("has lost a cgroup: /system.slice/noise.service") != std::string::npos);
}
