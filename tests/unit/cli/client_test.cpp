// SPDX-License-Identifier: Apache-2.0
#include "cli/client.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/cells.hpp"

using namespace mus;

namespace {

class FakeDaemon final : public HttpClient {
 public:
  Result<HttpReply> send(std::string_view method, const std::string& path, const std::map<std::string, std::string>&,
                         const std::string& /*body*/) override {
    asked = std::string(method) + " " + path;
    return answer;
  }
  std::string asked;
  Result<HttpReply> answer = HttpReply{200, "application/json", "{}"};
};

struct Outcome {
  int code = 0;
  std::string out, err;
};

Outcome run(const Command& command, FakeDaemon& daemon) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = run_client(command, daemon, out, err);
  return {code, out.str(), err.str()};
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("commands become requests, with every value encoded", "[cli]") {
  Command command;
  command.kind = Command::Kind::status;
  CHECK(request_path(command) == "/status");
  command.kind = Command::Kind::pods;
  CHECK(request_path(command) == "/pods");
  command.kind = Command::Kind::prioritize;
  command.target.pod = "redis";
  command.target.label = "app=a b&c\n\xc3\xa4";
  command.target.all = true;
  command.weight = 2048;
  command.ttl = "10m";
  command.dry_run = true;
  CHECK(request_path(command) ==
        "/prioritize?pod=redis&label=app%3Da%20b%26c%0A%C3%A4&all=true&weight=2048&ttl=10m&dry_run=true");
  command.wait = "10s";
  CHECK(has(request_path(command), "&ttl=10m&wait=10s&"));
  command.ignore_limit = true;
  CHECK(has(request_path(command), "&ignore_limit=true"));
  command.kind = Command::Kind::reset;
  CHECK(request_path(command) == "/prioritize?pod=redis&label=app%3Da%20b%26c%0A%C3%A4&all=true");
}

TEST_CASE("a refusal is printed with its advice and candidates, and fails", "[cli]") {
  FakeDaemon daemon;
  daemon.answer =
      HttpReply{409, "application/problem+json",
                R"({"detail":"two pods match","advice":"add namespace=","candidates":["a/redis","b/redis"]})"};
  Command command;
  command.kind = Command::Kind::prioritize;
  command.target.pod = "redis";
  const auto outcome = run(command, daemon);
  CHECK(outcome.code == 1);
  CHECK(outcome.out.empty());
  CHECK(outcome.err == "mus-scheduler: two pods match\nadd namespace=\n  a/redis\n  b/redis\n");
  CHECK(daemon.asked == "POST /prioritize?pod=redis");
}

TEST_CASE("a daemon that does not answer is told from one that refuses", "[cli]") {
  FakeDaemon daemon;
  daemon.answer = fail(Errc::unavailable, "no such file");
  Command command;
  command.kind = Command::Kind::status;
  command.options.socket = "/x.sock";
  const auto outcome = run(command, daemon);
  CHECK(outcome.code == 1);
  CHECK(has(outcome.err, "does not answer at /x.sock"));
  CHECK(has(outcome.err, "systemctl start mus-scheduler"));
}

TEST_CASE("--json prints what came, whatever it is", "[cli]") {
  FakeDaemon daemon;
  Command command;
  command.kind = Command::Kind::status;
  command.json = true;
  daemon.answer = HttpReply{200, "", "{\"a\": 1}"};
  CHECK(run(command, daemon).out == "{\"a\": 1}\n");
  daemon.answer = HttpReply{503, "", "{\"detail\": 1}\n"};
  const auto refused = run(command, daemon);
  CHECK(refused.out == "{\"detail\": 1}\n");
  CHECK(refused.code == 1);
}

TEST_CASE("answers that are not what was expected never crash", "[cli]") {
  FakeDaemon daemon;
  Command command;
  const char* bodies[] = {"",
                          "{",
                          "[]",
                          "3",
                          "null",
                          "{}",
                          R"({"boosts":3,"scheduler":[],"pods":{"a":1},"removed":"x"})",
                          R"({"boosts":[1,null,{"applied":3,"target":7}],"pods":[1,{"waits":"x"}],"removed":[2]})",
                          R"({"boost":[],"detail":5,"advice":{},"candidates":{"a":1}})"};
  for (const auto kind :
       {Command::Kind::status, Command::Kind::pods, Command::Kind::prioritize, Command::Kind::reset}) {
    for (const auto* body : bodies) {
      for (const int status : {200, 500}) {
        CAPTURE(body, status);
        command.kind = kind;
        daemon.answer = HttpReply{status, "", body};
        const auto outcome = run(command, daemon);
        CHECK((outcome.code == 0 || outcome.code == 1));
        if (status != 200) CHECK(outcome.code == 1);
      }
    }
  }
}

TEST_CASE("the status says what runs, why not, and what is boosted", "[cli]") {
  FakeDaemon daemon;
  daemon.answer = HttpReply{200, "", R"({
    "scheduler": {"state": "fallback", "reason": "ejected: stall", "dry_run": false, "ejections": 2,
                  "last_ejection": {"kind": "stall", "reason": "runnable task stall", "message": "hog[1]", "age_seconds": 3},
                  "next_attempt_in_seconds": 1.5},
    "kernel": "6.18", "version": "0.1.0", "uptime_seconds": 90,
    "pods_source": {"name": "kubelet https://127.0.0.1:10250", "age_seconds": 12, "last_error": null},
    "boosts": [{"id": "b1", "target": {"kind": "pod", "pod": "redis", "namespace": "shop"}, "weight": 4096,
                "expires_in_seconds": 3725, "pending": "the scheduler is away", "applied": []}]})"};
  Command command;
  command.kind = Command::Kind::status;
  const auto outcome = run(command, daemon);
  CHECK(outcome.code == 0);
  CHECK(outcome.out ==
        "scheduler:      fallback: ejected: stall\n"
        "next attempt:   in 1.5s\n"
        "last ejection:  stall, runnable task stall (hog[1]), 3.0s ago; 2 since start\n"
        "pods from:      kubelet https://127.0.0.1:10250, asked 12s ago\n"
        "kernel:         6.18\n"
        "version:        0.1.0, up 1m30s\n"
        "\n"
        "ID  WEIGHT  LIMIT  LEFT  CGROUPS  TARGET\n"
        "b1  4096    -      1h2m  0        pod=redis namespace=shop\n"
        "pending b1: the scheduler is away\n");
}

TEST_CASE("a boost that is not applied yet is accepted, and says what it waits for", "[cli]") {
  FakeDaemon daemon;
  daemon.answer = HttpReply{202, "application/json",
                            R"({"boost":{"id":"b1","state":"pending","target":{"pod":"redis"},"weight":4096,
                                "pending":"shop/redis has no cgroup","note":null,"applied":[]},
                                "replaced":false,"dry_run":false,"note":null})"};
  Command command;
  command.kind = Command::Kind::prioritize;
  command.target.pod = "redis";
  const auto outcome = run(command, daemon);
  CHECK(outcome.code == 0);
  CHECK(has(outcome.out, "accepted: pod=redis to weight 4096 (b1)\npending: shop/redis has no cgroup\n"));
}

TEST_CASE("the status has the notes of boosts, and what is wrong with their file", "[cli]") {
  FakeDaemon daemon;
  daemon.answer = HttpReply{200, "application/json",
                            R"({"scheduler":{"state":"attached"},"state_file":{"trouble":"it is damaged"},
                                "boosts":[{"id":"b1","target":{"pod":"redis"},"weight":4096,"applied":[],
                                           "pending":null,"note":"the wall clock is behind"}]})"};
  Command command;
  command.kind = Command::Kind::status;
  const auto outcome = run(command, daemon);
  CHECK(has(outcome.out, "it is damaged"));
  CHECK(has(outcome.out, "note b1: the wall clock is behind"));
}

TEST_CASE("the status says which source of pods is in use, and what the others say", "[cli]") {
  FakeDaemon daemon;
  daemon.answer = HttpReply{200, "", R"({
    "scheduler": {"state": "attached"}, "kernel": "6.18", "version": "0.1.0", "uptime_seconds": 9,
    "pods_source": {"name": "runtime files of containerd", "age_seconds": 2, "last_error": null},
    "sources": [{"name": "kubelet https://127.0.0.1:10250", "in_use": false, "age_seconds": 61, "last_error": "401"},
                {"name": "runtime files of containerd", "in_use": true, "age_seconds": 2, "last_error": null,
                 "note": "one is damaged"},
                {"name": "another", "in_use": false, "age_seconds": null, "last_error": null}]})"};
  Command command;
  command.kind = Command::Kind::status;
  const auto out = run(command, daemon).out;
  CHECK(has(out, "\nnot from:    kubelet https://127.0.0.1:10250, asked 1m1s ago; 401\n"));
  CHECK(has(out, "\npods from:   runtime files of containerd, asked 2.0s ago; one is damaged\n"));
  CHECK(has(out, "\nin reserve:  another\n"));
}

TEST_CASE("pods are an aligned table", "[cli]") {
  FakeDaemon daemon;
  daemon.answer = HttpReply{200, "", R"({"pods": [
    {"namespace": "shop", "pod": "redis-1", "container": "server", "weight": 4096, "cgroup_path": "/k/p", "cpu_seconds": 1.25,
     "run_delay": {"waits": 10, "p50_us": 41.4, "p99_us": 2345.6, "p999_us": 99000}},
    {"namespace": "default", "pod": "x", "container": "y", "weight": 1024, "cgroup_path": null, "cpu_seconds": null}]})"};
  Command command;
  command.kind = Command::Kind::pods;
  CHECK(run(command, daemon).out ==
        "NAMESPACE  POD      CONTAINER  WEIGHT  CPU   DELAY p50  p99    LIMIT  THROTTLED  CGROUP\n"
        "shop       redis-1  server     4096    1.2s  41us       2.3ms  -      -          /k/p\n"
        "default    x        y          1024    -     -          -      -      -          not found\n");
}

TEST_CASE("limits are shown in CPUs, and how many of their periods were throttled", "[cli]") {
  FakeDaemon daemon;
  daemon.answer = HttpReply{200, "", R"({"pods": [
    {"pod": "a", "limit": {"quota_us": 50000, "period_us": 100000, "periods": 0, "throttled_periods": 0}},
    {"pod": "b", "limit": {"quota_us": 200000, "period_us": 100000, "periods": 200, "throttled_periods": 75}},
    {"pod": "c", "limit": {"quota_us": 1000, "period_us": 1000000, "periods": 1000, "throttled_periods": 1}},
    {"pod": "d", "limit": {"quota_us": 10000, "period_us": 30000, "periods": 7, "throttled_periods": 7}},
    {"pod": "e", "limit": {"quota_us": 5, "period_us": 0}},
    {"pod": "f", "limit": "much"}]})"};
  Command command;
  command.kind = Command::Kind::pods;
  CHECK(run(command, daemon).out ==
        "NAMESPACE  POD  CONTAINER  WEIGHT  CPU  DELAY p50  p99  LIMIT  THROTTLED  CGROUP\n"
        "           a                       -    -          -    0.5    -          not found\n"
        "           b                       -    -          -    2      38%        not found\n"
        "           c                       -    -          -    0.001  <1%        not found\n"
        "           d                       -    -          -    0.333  100%       not found\n"
        "           e                       -    -          -    -      -          not found\n"
        "           f                       -    -          -    -      -          not found\n");
}

TEST_CASE("a boost shows whether limits are lifted, as asked and as applied", "[cli]") {
  FakeDaemon daemon;
  daemon.answer = HttpReply{200, "", R"({"boosts": [
    {"id": "b1", "weight": 1, "ignore_limit": true, "applied": [{"limits_lifted_from": "/a"}, {"limits_lifted_from": "/b"}]},
    {"id": "b2", "weight": 1, "ignore_limit": true, "applied": [{"limits_lifted_from": "/a"}, {"limits_lifted_from": null}]},
    {"id": "b3", "weight": 1, "ignore_limit": false, "applied": [{"limits_lifted_from": "/a"}]},
    {"id": "b4", "weight": 1, "ignore_limit": true, "applied": []},
    {"id": "b5", "weight": 1, "ignore_limit": false, "applied": [{"limits_lifted_from": null}]}]})"};
  Command command;
  command.kind = Command::Kind::status;
  const auto out = run(command, daemon).out;
  for (const auto* line : {"b1  1       lifted ", "b2  1       lifted 1/2 ", "b3  1       lifted 1/1 ",
                           "b4  1       to lift ", "b5  1       - "}) {
    CAPTURE(line, out);
    CHECK(has(out, line));
  }

  daemon.answer =
      HttpReply{200, "", R"({"dry_run": true, "boost": {"id": "", "target": {"pod": "redis"}, "weight": 4096,
    "ignore_limit": true, "expires_in_seconds": 600,
    "applied": [{"cgroup_path": "/k/p/c", "limits_lifted_from": "/k/p"}]}})"};
  command.kind = Command::Kind::prioritize;
  CHECK(run(command, daemon).out ==
        "would boost pod=redis to weight 4096 without limits for 10m\n"
        "  /k/p/c\n"
        "    no cpu.max from /k/p down\n");
}

TEST_CASE("the status says which settings are enforced, why others are not, and what limits did", "[cli]") {
  FakeDaemon daemon;
  daemon.answer = HttpReply{200, "", R"({"boosts": [],
    "enforced": {"cpu.weight": true, "cpu.max": "no cfs_bandwidth", "cpu.idle": true},
    "limits": {"cgroups": 3, "periods": 400, "throttled_periods": 100, "forced": 2, "pardons": 5}})"};
  Command command;
  command.kind = Command::Kind::status;
  const auto out = run(command, daemon).out;
  CAPTURE(out);
  CHECK(has(out, "\nenforced:      cpu.idle, cpu.weight\n"));
  CHECK(has(out, "\nnot enforced:  cpu.max, no cfs_bandwidth\n"));
  CHECK(has(out, "3 cgroup(s), 25% of their periods throttled, 2 forced turn(s), 5 pardon(s)\n"));
}

TEST_CASE("what comes from the node cannot move the terminal's cursor", "[cli]") {
  FakeDaemon daemon;
  daemon.answer = HttpReply{404, "", "{\"detail\": \"no \\u001b[31mpod\\n\"}"};
  Command command;
  command.kind = Command::Kind::status;
  CHECK(run(command, daemon).err == "mus-scheduler: no ?[31mpod?\n");
}

TEST_CASE("durations are short", "[cli]") {
  CHECK(duration_text(0.25) == "0.2s");
  CHECK(duration_text(45) == "45s");
  CHECK(duration_text(90) == "1m30s");
  CHECK(duration_text(600) == "10m");
  CHECK(duration_text(86400 * 3 + 3600 * 2 + 60) == "3d2h");
}

TEST_CASE("check says what to do and fails when something is missing", "[cli]") {
  std::ostringstream out;
  CHECK(print_check({{"kernel", CheckItem::Level::ok, "6.18", ""}, {"BTF", CheckItem::Level::warning, "odd", "look"}},
                    false, out) == 0);
  CHECK(out.str() ==
        "ok       kernel  6.18\nwarning  BTF     odd\n                 -> look\nThis node can run mus-scheduler.\n");
  out.str("");
  CHECK(print_check({{"sched_ext", CheckItem::Level::failure, "none", "boot another"}}, true, out) == 1);
  const auto json = nlohmann::json::parse(out.str());
  CHECK(json["ok"] == false);
  CHECK(json["checks"][0]["advice"] == "boot another");
}
