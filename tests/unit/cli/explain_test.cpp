// SPDX-License-Identifier: Apache-2.0
// `explain`, and what `prioritize` prints of others.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "cli/client.hpp"
#include "cli/explain_text.hpp"

using namespace mus;

namespace {

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

tl::expected<Command, EarlyExit> parse_words(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "mus-scheduler");
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

class Daemon final : public HttpClient {
 public:
  Result<HttpReply> send(std::string_view method, const std::string& path, const std::map<std::string, std::string>&,
                         const std::string& /*body*/) override {
    asked = std::string(method) + " " + path;
    return HttpReply{200, "application/json", body};
  }
  std::string asked;
  std::string body = "{}";
};

std::string explained(const std::string& body) {
  Daemon daemon;
  daemon.body = body;
  Command command;
  command.kind = Command::Kind::explain;
  command.target.pod = "redis";
  std::ostringstream out;
  std::ostringstream err;
  CHECK(run_client(command, daemon, out, err) == 0);
  CHECK(err.str().empty());
  return out.str();
}

const std::string kAnswer = R"({
  "target": {"namespace": "shop", "pod": "redis", "container": "main", "cgroup_id": "5",
             "cgroup_path": "/kubepods.slice/cri-containerd-)" +
                            std::string(64, 'a') + R"(.scope", "request": 0.25},
  "levels": [
    {"cgroup_path": "/kubepods.slice", "cpu_weight": 79, "cpu_idle": false, "limit_cpus": null, "limit_lifted": false,
     "active_siblings": 2, "rivals_cpu_weight": 100, "share_of_level": 0.4413},
    {"cgroup_path": "/kubepods.slice/cri-containerd-)" +
                            std::string(64, 'a') + R"(.scope", "cpu_weight": null, "cpu_idle": true,
     "limit_cpus": 0.5, "limit_lifted": true, "active_siblings": null, "rivals_cpu_weight": null,
     "share_of_level": null}],
  "unknown": null, "node_cpus": 2, "threads": 3.2, "share": 0.0625,
  "now": {"weight": 1024, "factor": 1, "effective_cpu_weight": 6.25, "entitled_cpus": 0.125, "cpus": 0.12,
          "binds": {"kind": "share", "sentence": "Its share gives it 0.13 of 2 CPUs."}},
  "then": {"weight": 4096, "factor": 4, "effective_cpu_weight": 25, "entitled_cpus": 0.4, "cpus": 0.4,
           "binds": {"kind": "threads", "sentence": "Its threads."}},
  "forecast": null,
  "effects": [{"namespace": "shop", "pod": "batch", "container": "main", "cpus_before": 1.2, "cpus_after": 0.9,
               "request": 1}],
  "below_request": [{"namespace": "shop", "pod": "batch", "container": "main", "cpus_after": 0.9, "request": 1,
                     "short_by": 0.1}],
  "warnings": ["a warning\u001b[2J"], "note": null})";

}  // namespace

TEST_CASE("explain is parsed and becomes a request", "[cli]") {
  const auto command = parse_words({"explain", "redis", "--container", "main", "-w", "8192", "--json"});
  REQUIRE(command);
  CHECK(command->kind == Command::Kind::explain);
  CHECK(command->json);
  CHECK(request_path(*command) == "/explain?pod=redis&container=main&weight=8192");
  const auto plain = parse_words({"explain", "--unit", "redis-server"});
  REQUIRE(plain);
  CHECK(request_path(*plain) == "/explain?unit=redis-server");
}

TEST_CASE("explain without a target, with two, or with what it does not know is a usage error", "[cli]") {
  for (const std::vector<const char*>& arguments :
       std::vector<std::vector<const char*>>{{"explain"},
                                             {"explain", "redis", "--unit", "x"},
                                             {"explain", "redis", "--weight", "15"},
                                             {"explain", "redis", "--all"},
                                             {"explain", "redis", "--ttl", "1h"},
                                             {"explain", "--container", "main"}}) {
    const auto command = parse_words(arguments);
    REQUIRE_FALSE(command);
    CHECK(command.error().code == 2);
  }
  const auto help = parse_words({"explain", "--help"});
  REQUIRE_FALSE(help);
  CHECK(help.error().code == 0);
  CHECK(mentions(help.error().text, "--weight"));
  CHECK(mentions(parse_words({"--help"}).error().text, "explain"));
}

TEST_CASE("the explanation is a table and a sentence on what binds, in at most 100 columns", "[cli]") {
  const auto text = explained(kAnswer);
  CHECK(mentions(text, "shop/redis/main\n"));
  CHECK(mentions(text, "kubepods.slice "));
  CHECK(mentions(text, "44.1%"));
  CHECK(mentions(text, "idle"));
  CHECK(mentions(text, "0.50 (lifted)"));
  CHECK(mentions(text, "share of the node 6.2%, 3.20 runnable threads, 2.00 CPUs, request 0.25\n"));
  CHECK(mentions(text, "Now: Its share gives it 0.13 of 2 CPUs.\n"));
  CHECK(mentions(text, "Then: Its threads.\n"));
  CHECK(mentions(text, "shop/batch/main"));
  CHECK(
      mentions(text, "below its request: shop/batch/main gets 0.90 of the 1.00 CPUs that it requests, 0.10 too few\n"));
  CHECK(mentions(text, "warning: a warning?[2J\n"));
  std::istringstream lines(text);
  bool table = false;
  for (std::string line; std::getline(lines, line);) {
    table = table || line.starts_with("LEVEL");
    if (table) CHECK(line.size() <= 100);
  }
  CHECK(table);
}

TEST_CASE("where shares are not known the reason is printed, and the levels as far as files tell them", "[cli]") {
  const auto text = explained(R"({"target": {"cgroup_path": "/x", "cgroup_id": "5"},
      "levels": [{"cgroup_path": "/x", "cpu_weight": 100, "cpu_idle": false, "limit_cpus": 1.5}],
      "unknown": "the scheduler is in memory", "now": null, "warnings": []})");
  CHECK(mentions(text, "shares are not known: the scheduler is in memory\n"));
  CHECK(mentions(text, "1.50"));
  CHECK_FALSE(mentions(text, "ENTITLED"));
}

TEST_CASE("a boost's answer prints who loses; an old daemon's, which says nothing of it, nothing", "[cli]") {
  std::ostringstream out;
  print_outlook(nlohmann::json::parse(kAnswer), out);
  CHECK(mentions(out.str(), "LOSES"));
  std::ostringstream nothing;
  print_outlook(nlohmann::json::object(), nothing);
  CHECK(nothing.str().empty());
  std::ostringstream why;
  print_outlook({{"forecast", "the tree has not been read yet"}, {"effects", nlohmann::json::array()}}, why);
  CHECK(why.str() == "no forecast: the tree has not been read yet\n");
}

TEST_CASE("an explanation that is not what was expected never crashes", "[cli]") {
  for (const char* body :
       {"{}", R"({"target":3,"levels":{"a":1},"now":[],"then":3,"effects":{},"warnings":"x"})",
        R"({"levels":[1,null,{"cgroup_path":7,"share_of_level":"x"}],"now":{"binds":3},"effects":[1,null,{}],
            "below_request":[[]],"warnings":[1,null]})"}) {
    CAPTURE(body);
    CHECK_FALSE(explained(body).empty());
  }
}
