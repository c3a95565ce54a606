// SPDX-License-Identifier: Apache-2.0
// The whole program with --dry-run: its life from start to SIGTERM, and what an operator does with it meanwhile.
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>

#include "api/daemon_steps.hpp"
#include "support/raw_socket.hpp"

using namespace mus::test;
using namespace std::chrono_literals;
using Json = nlohmann::json;

TEST_CASE("READY means that the API answers", "[daemon]") {
  DaemonProcess daemon;
  start_and_wait(daemon);
  const auto answer = status(daemon);
  CHECK(answer["scheduler"]["state"] == "attached");
  CHECK(answer["scheduler"]["dry_run"] == true);
  const auto text = daemon.client({"status"});
  CHECK(text.code == 0);
  CHECK(has(text.out, "dry run"));
}

TEST_CASE("SIGTERM and SIGINT end it within a second, in order", "[daemon]") {
  for (const int signal : {SIGTERM, SIGINT}) {
    DaemonProcess daemon;
    start_and_wait(daemon);
    daemon.signal(signal);
    const auto code = daemon.wait(1s);
    INFO(daemon.log());
    REQUIRE(code);
    CHECK(*code == 0);
    CHECK(await(daemon, "STOPPING=1") != "");
    CHECK(has(daemon.log(), "handing the node back"));
    CHECK_FALSE(std::filesystem::exists(daemon.path("api.sock")));
    const auto client = daemon.client({"status"});
    CHECK(client.code == 1);
    CHECK(has(client.err, "systemctl start mus-scheduler"));
  }
}

TEST_CASE("the watchdog is fed, and not while the process is stopped", "[daemon]") {
  DaemonProcess daemon;
  start_and_wait(daemon);
  CHECK(await(daemon, "WATCHDOG=1") != "");
  CHECK(await(daemon, "WATCHDOG=1") != "");
  daemon.signal(SIGSTOP);
  while (daemon.notification(100ms)) {
  }
  CHECK_FALSE(daemon.notification(1500ms));  // systemd would restart it now
  daemon.signal(SIGCONT);
  CHECK(await(daemon, "WATCHDOG=1") != "");
}

TEST_CASE("SIGHUP and SIGPIPE do not end it", "[daemon]") {
  DaemonProcess daemon;
  start_and_wait(daemon);
  daemon.signal(SIGHUP);
  daemon.signal(SIGPIPE);
  CHECK(await(daemon, "WATCHDOG=1") != "");
  CHECK(has(daemon.log(), "SIGHUP"));
  CHECK(status(daemon)["scheduler"]["state"] == "attached");
}

TEST_CASE("a cgroup is boosted, shown, and taken back", "[daemon]") {
  DaemonProcess daemon;
  start_and_wait(daemon);
  const auto boosted =
      daemon.client({"prioritize", "--cgroup", "/system.slice/redis.service", "--weight", "8192", "--ttl", "10m"});
  INFO(boosted.err);
  REQUIRE(boosted.code == 0);
  CHECK(has(boosted.out, "boosted cgroup=/system.slice/redis.service to weight 8192 for 10m (b1)"));

  struct stat directory = {};
  REQUIRE(stat(daemon.path("cgroup/system.slice/redis.service").c_str(), &directory) == 0);
  const auto boost = status(daemon)["boosts"].at(0);
  CHECK(boost["weight"] == 8192);
  CHECK(boost["applied"].at(0)["cgroup_id"] == std::to_string(directory.st_ino));

  CHECK(has(daemon.client({"status"}).out, "cgroup=/system.slice/redis.service"));
  CHECK(await(daemon, "STATUS=dry run: 1 boost(s)") != "");
  const auto removed = daemon.client({"reset", "--cgroup", "/system.slice/redis.service"});
  CHECK(removed.code == 0);
  CHECK(has(removed.out, "took back b1"));
  CHECK(status(daemon)["boosts"].empty());
  // The log says who did that: this process's user, by a command of its own.
  const auto us = " uid=" + std::to_string(geteuid()) + " gid=" + std::to_string(getegid()) + " pid=";
  CHECK(has(daemon.log(), "audit: 200" + us));
  CHECK(has(daemon.log(), " POST /prioritize "));
  CHECK(has(daemon.log(), " DELETE /prioritize "));
  CHECK(daemon.client({"reset", "--cgroup", "/system.slice/redis.service"}).code == 1);
  CHECK(has(daemon.log(), "audit: 404" + us));
  CHECK(daemon.client({"reset", "--all"}).code == 0);
}

TEST_CASE("a unit is boosted by its name, and a dry run changes nothing", "[daemon]") {
  DaemonProcess daemon;
  start_and_wait(daemon);
  const auto dry = daemon.client({"prioritize", "--unit", "redis", "--dry-run"});
  INFO(dry.err);
  CHECK(dry.code == 0);
  CHECK(has(dry.out, "would boost unit=redis"));
  CHECK(status(daemon)["boosts"].empty());
  CHECK(daemon.client({"prioritize", "--unit", "redis"}).code == 0);
  CHECK(status(daemon)["boosts"].size() == 1);
}

TEST_CASE("a limit is lifted only where the daemon allows it, and everything that shows boosts says so", "[daemon]") {
  const std::vector<std::string> lift{"prioritize", "--cgroup", "/system.slice/redis.service", "--ignore-limit"};
  {
    DaemonProcess strict;
    start_and_wait(strict);
    const auto refused = strict.client(lift);
    CHECK(refused.code == 1);
    CHECK(has(refused.err, "--allow-ignore-limit"));
    CHECK(status(strict)["boosts"].empty());
  }
  DaemonProcess daemon;
  start_and_wait(daemon, {"--allow-ignore-limit"});
  auto dry = lift;
  dry.emplace_back("--dry-run");
  CHECK(has(daemon.client(dry).out, "no cpu.max from /system.slice/redis.service down"));
  CHECK(status(daemon)["boosts"].empty());
  REQUIRE(daemon.client(lift).code == 0);
  const auto boost = status(daemon)["boosts"].at(0);
  CHECK(boost["ignore_limit"] == true);
  CHECK(boost["applied"].at(0)["limits_lifted_from"] == "/system.slice/redis.service");
  CHECK(has(daemon.client({"status"}).out, "lifted"));
  CHECK(daemon.client({"reset", "--all"}).code == 0);
  CHECK_FALSE(has(daemon.client({"status"}).out, "lifted"));
}

TEST_CASE("a dry run claims to enforce nothing", "[daemon]") {
  DaemonProcess daemon;
  start_and_wait(daemon);
  const auto enforced = status(daemon)["enforced"];
  CHECK(enforced.size() == 3);
  for (const auto* name : {"cpu.weight", "cpu.max", "cpu.idle"}) CHECK(has(enforced[name].dump(), "dry run"));
  CHECK(status(daemon)["limits"]["cgroups"] == 0);
}

TEST_CASE("a boost ends with its ttl, and one whose cgroup is gone says so", "[daemon]") {
  DaemonProcess daemon;
  start_and_wait(daemon);
  REQUIRE(daemon.client({"prioritize", "--cgroup", "/system.slice/noise.service", "--ttl", "1s"}).code == 0);
  REQUIRE(daemon.client({"prioritize", "--cgroup", "/system.slice/redis.service"}).code == 0);
  daemon.remove_cgroup("/system.slice/redis.service");
  CHECK(await(daemon, "STATUS=dry run: 2 boost(s)") != "");
  CHECK(await(daemon, "STATUS=dry run: 1 boost(s)") != "");
  for (int i = 0; i < 4; ++i) CHECK(await(daemon, "WATCHDOG=1") != "");  // two looks at the directories
  const auto boosts = status(daemon)["boosts"];
  REQUIRE(boosts.size() == 1);
  CHECK(boosts[0]["pending"] == "the cgroup is gone");
  CHECK(boosts[0]["applied"].empty());
}

TEST_CASE("what cannot be boosted is refused with a sentence", "[daemon]") {
  DaemonProcess daemon;
  start_and_wait(daemon);
  for (const auto& arguments : {std::vector<std::string>{"prioritize", "--cgroup", "/"},
                                {"prioritize", "--cgroup", "/nowhere"},
                                {"prioritize", "--cgroup", "/system.slice/../system.slice"},
                                {"prioritize", "--unit", "nothing"},
                                {"prioritize", "redis"},
                                {"prioritize", "--unit", "redis", "--ttl", "soon"},
                                {"pods"}}) {
    const auto refused = daemon.client(arguments);
    CAPTURE(arguments, refused.err);
    CHECK(refused.code == 1);
    CHECK(refused.out.empty());
    CHECK(refused.err.starts_with("mus-scheduler: "));
  }
  CHECK(status(daemon)["boosts"].empty());
}

TEST_CASE("a second daemon stops before it touches anything", "[daemon]") {
  DaemonProcess daemon;
  start_and_wait(daemon);
  const auto same = run_program(daemon.arguments());
  CHECK(same.code == 1);
  CHECK(has(same.err, "another mus-scheduler"));
  const auto other_state = run_program(daemon.arguments({"--state-dir", daemon.path("state2")}));
  CHECK(other_state.code == 2);  // given twice
  DaemonProcess second;
  second.start({});
  CHECK(second.notification());  // one of its own is no problem
  const auto same_socket = run_program({"run", "--dry-run", "--listen", "", "--socket", daemon.path("api.sock"),
                                        "--state-dir", daemon.path("state3"), "--cgroup-root", daemon.path("cgroup")});
  CAPTURE(same_socket.err);
  CHECK(same_socket.code == 1);
  CHECK(has(same_socket.err, "api.sock"));
  CHECK(status(daemon)["scheduler"]["state"] == "attached");
}

TEST_CASE("after a kill -9 it starts again on what was left behind", "[daemon]") {
  DaemonProcess daemon;
  start_and_wait(daemon);
  daemon.signal(SIGKILL);
  CHECK(daemon.wait(5s) == 128 + SIGKILL);
  while (daemon.notification(50ms)) {
  }
  CHECK(std::filesystem::exists(daemon.path("api.sock")));
  start_and_wait(daemon);
  CHECK(status(daemon)["boosts"].empty());
}

TEST_CASE("the token is made at the first start and kept", "[daemon]") {
  DaemonProcess daemon;
  start_and_wait(daemon);
  struct stat file = {};
  REQUIRE(stat(daemon.path("state/token").c_str(), &file) == 0);
  CHECK((file.st_mode & 07777) == 0640);
  std::string first;
  std::ifstream(daemon.path("state/token")) >> first;
  CHECK(first.size() == 64);
  daemon.signal(SIGTERM);
  REQUIRE(daemon.wait(1s) == 0);
  while (daemon.notification(50ms)) {
  }
  start_and_wait(daemon);
  std::string second;
  std::ifstream(daemon.path("state/token")) >> second;
  CHECK(first == second);
}

TEST_CASE("metrics may be served beyond the node, the API may not", "[daemon]") {
  DaemonProcess daemon;
  start_and_wait(daemon, {"--metrics-listen", "0.0.0.0:0"});
  const auto log = daemon.log();
  const std::string said = "/metrics, /livez and /readyz on 0.0.0.0:";
  REQUIRE(has(log, said));
  const int port = std::stoi(log.substr(log.find(said) + said.size()));
  const auto ask = [port](const std::string& target) {
    RawSocket client(port);
    client.send("GET " + target + " HTTP/1.1\r\nHost: node7.example\r\nConnection: close\r\n\r\n");
    return client.read_all();
  };
  CHECK(status_of(ask("/readyz")) == 200);
  CHECK(has(ask("/metrics"), "\nmus_scheduler_attached 1\n"));
  CHECK(status_of(ask("/pods")) == 404);
  daemon.signal(SIGTERM);
  REQUIRE(daemon.wait(1s));

  const auto open = run_program({"run", "--dry-run", "--listen", "0.0.0.0:0", "--socket", daemon.path("open.sock"),
                                 "--state-dir", daemon.path("open")});
  CHECK(open.code == 1);
  CHECK(has(open.err, "no loopback address"));
}

TEST_CASE("bad options are a usage error, a bad place is a failure", "[daemon]") {
  CHECK(run_program({"run", "--no-such-option"}).code == 2);
  CHECK(run_program({"run", "--dry-run"}, {"MUS_KUBELET_URL=ftp://x"}).code == 2);
  CHECK(run_program({"run", "--dry-run"}, {"MUS_ALLOW_UNENFORCED=everything"}).code == 2);
  CHECK(run_program({}).code == 2);
  CHECK(run_program({"--help"}).code == 0);
  CHECK(has(run_program({"version"}).out, "mus-scheduler 0."));
  const auto nowhere =
      run_program({"run", "--dry-run", "--state-dir", "/nonexistent/state", "--socket", "/nonexistent/s"});
  CHECK(nowhere.code == 1);
  CHECK(has(nowhere.err, "/nonexistent/state"));
}

TEST_CASE("under systemd log lines begin with their priority and have no time", "[daemon]") {
  const auto refused = run_program({"run", "--dry-run", "--state-dir", "/nonexistent/state"}, {"JOURNAL_STREAM=8:1"});
  CHECK(refused.err.starts_with("<6>mus-scheduler "));
  CHECK(has(refused.err, "\n<3>/nonexistent/state cannot be made"));
}

TEST_CASE("on a kernel without sched_ext: fail says what to do, idle stays and tells /readyz", "[daemon]") {
  if (std::filesystem::exists("/sys/kernel/sched_ext")) SKIP("this kernel has sched_ext");
  DaemonProcess daemon;
  daemon.leave_out("--dry-run");
  const auto failed = run_program(daemon.arguments());
  CHECK(failed.code == 1);
  CHECK(has(failed.err, "cannot run mus-scheduler"));
  CHECK(has(failed.err, "mus-scheduler check"));

  start_and_wait(daemon, {"--on-unsupported", "idle"});
  CHECK(status(daemon)["scheduler"]["state"] == "unsupported");
  const auto refused = daemon.client({"prioritize", "--unit", "redis"});
  CHECK(refused.code == 1);
  CHECK(has(refused.err, "mus-scheduler check"));
  daemon.signal(SIGTERM);
  CHECK(daemon.wait(1s) == 0);
}
