// SPDX-License-Identifier: Apache-2.0
// The whole program with --dry-run: boosts outlive it.
#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "api/daemon_steps.hpp"

using namespace mus::test;
using namespace std::chrono_literals;

TEST_CASE("boosts are there again after a kill -9 and after SIGTERM, and those that were taken back are not",
          "[daemon]") {
  DaemonProcess daemon;
  const auto again = [&](int signal) {
    daemon.signal(signal);
    REQUIRE(daemon.wait(5s));
    while (daemon.notification(50ms)) {
    }
    start_and_wait(daemon);
  };
  start_and_wait(daemon);
  REQUIRE(daemon.client({"prioritize", "--cgroup", "/system.slice/redis.service", "--weight", "8192"}).code == 0);
  REQUIRE(daemon.client({"prioritize", "--unit", "noise", "--ttl", "1h"}).code == 0);
  again(SIGKILL);
  auto boosts = status(daemon)["boosts"];
  REQUIRE(boosts.size() == 2);
  CHECK(boosts[0]["id"] == "b1");
  CHECK(boosts[0]["weight"] == 8192);
  CHECK(boosts[0]["state"] == "applied");
  CHECK(boosts[1]["expires_in_seconds"] <= 3600);
  CHECK(boosts[1]["expires_in_seconds"] > 3000);
  REQUIRE(daemon.client({"reset", "--cgroup", "/system.slice/redis.service"}).code == 0);
  again(SIGTERM);
  boosts = status(daemon)["boosts"];
  REQUIRE(boosts.size() == 1);
  CHECK(boosts[0]["target"]["unit"] == "noise.service");
}

TEST_CASE("a damaged state file is kept aside, said in log and status, and the daemon starts without boosts",
          "[daemon]") {
  DaemonProcess daemon;
  std::filesystem::create_directories(daemon.path("state"));
  std::ofstream(daemon.path("state/boosts.json")) << "{\"format\":1,\"boosts\":";
  start_and_wait(daemon);
  CHECK(has(status(daemon)["state_file"]["trouble"].get<std::string>(), "boosts.json.damaged-1"));
  CHECK(has(daemon.log(), "boosts.json.damaged-1"));
  CHECK(std::filesystem::exists(daemon.path("state/boosts.json.damaged-1")));
  CHECK(status(daemon)["boosts"].empty());
  CHECK(daemon.client({"prioritize", "--unit", "redis"}).code == 0);
}

TEST_CASE("a state directory that takes no file: the boost is refused, and the daemon lives on", "[daemon]") {
  DaemonProcess daemon;
  start_and_wait(daemon);
  std::filesystem::create_directories(daemon.path("state/boosts.json.new/in the way"));
  const auto refused = daemon.client({"prioritize", "--unit", "redis"});
  CHECK(refused.code == 1);
  CHECK(has(refused.err, "boosts.json cannot be written"));
  CHECK(status(daemon)["boosts"].empty());
  std::filesystem::remove_all(daemon.path("state/boosts.json.new"));
  CHECK(daemon.client({"prioritize", "--unit", "redis", "--wait", "1s"}).code == 0);
}

TEST_CASE("a service that is restarted keeps its boost", "[daemon]") {
  DaemonProcess daemon;
  start_and_wait(daemon);
  REQUIRE(daemon.client({"prioritize", "--unit", "redis"}).code == 0);
  const auto before = status(daemon)["boosts"][0]["applied"][0]["cgroup_id"];
  daemon.remove_cgroup("/system.slice/redis.service");
  for (int i = 0; i < 4; ++i) CHECK(await(daemon, "WATCHDOG=1") != "");
  CHECK(status(daemon)["boosts"][0]["pending"] == "the unit is not running");
  daemon.make_cgroup("/system.slice/redis.service");
  for (int i = 0; i < 4; ++i) CHECK(await(daemon, "WATCHDOG=1") != "");
  const auto after = status(daemon)["boosts"][0];
  CHECK(after["state"] == "applied");
  CHECK(after["applied"][0]["cgroup_id"] != before);
}
