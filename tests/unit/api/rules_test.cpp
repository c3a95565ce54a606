// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch_test_macros.hpp>

#include "api/router.hpp"
#include "api/rules_json.hpp"
#include "support/fake_service.hpp"
#include "unit/api/request.hpp"

namespace mus::test {
namespace {

struct RuleRoutes {
  FakeService service;
  std::unique_ptr<HttpHandler> api = make_api(service, {"secret", "/run/mus-scheduler/token"});

  RuleRoutes() {
    RulesSnapshot rules;
    rules.path = "/etc/mus-scheduler/rules.json";
    rules.document = R"({"rules": []})";
    rules.rules = 1;
    RuleStatus state{"asked", false, false, 3, 1, 0, 7, "", {}};
    state.subjects.push_back({"shop",
                              "redis-1",
                              "u",
                              "server",
                              {CgroupId{7}, "/kubepods/x"},
                              RuledSubject::State::acting,
                              8192,
                              "received_packets is 500/s",
                              {}});
    rules.states.push_back(state);
    service.set_rules_snapshot(rules);
  }
};

TEST_CASE_METHOD(RuleRoutes, "GET /rules has the document as it was accepted, and what comes of each rule") {
  const auto body = parsed(api->handle(request("GET", "/rules")));
  CHECK(body["document"]["rules"].is_array());
  CHECK(body["states"][0]["fired"] == 7);
  const auto& subject = body["states"][0]["subjects"][0];
  CHECK(subject["state"] == "acting");
  CHECK(subject["cgroup_id"] == "7");
  CHECK(subject["why"] == "received_packets is 500/s");
}

TEST_CASE_METHOD(RuleRoutes, "PUT /rules takes a document as its body, declared as JSON, and dry_run in its query") {
  auto put = request("PUT", "/rules?dry_run=true");
  put.body = R"({"rules": [1]})";
  CHECK(api->handle(put).status == 415);
  put.headers.emplace_back("content-type", "application/json");
  CHECK(api->handle(put).status == 200);
  CHECK(service.rules()->document == R"({"rules": []})");
  put.query.clear();
  CHECK(api->handle(put).status == 200);
  CHECK(service.rules()->document == R"({"rules": [1]})");
  CHECK(api->handle(request("PUT", "/rules?dry_run=perhaps")).status == 400);
  CHECK(api->handle(request("PUT", "/rules?weight=1")).status == 400);
}

TEST_CASE_METHOD(RuleRoutes, "rules that are refused answer 400 with the line, as the service says it") {
  service.fail_next(
      {{Errc::invalid_argument, "line 4: rule web: weight is a text, not a number", "see the schema"}, {}, {}});
  auto put = json_request("PUT", "/rules", "{}");
  const auto answer = api->handle(put);
  CHECK(answer.status == 400);
  CHECK(parsed(answer)["detail"].get<std::string>().find("line 4: rule web") == 0);
}

TEST_CASE_METHOD(RuleRoutes, "POST /rules/pause and /rules/resume throw the switch, and take no parameters") {
  CHECK(parsed(api->handle(request("POST", "/rules/pause")))["paused"] == true);
  CHECK(parsed(api->handle(request("POST", "/rules/resume")))["paused"] == false);
  CHECK(api->handle(request("POST", "/rules/pause?for=1m")).status == 400);
}

TEST_CASE_METHOD(RuleRoutes, "over TCP the schema is for everybody, and all else of rules wants the token") {
  const auto from_tcp = [&](const char* method, const char* path) {
    return api->handle(over_tcp(request(method, path))).status;
  };
  CHECK(from_tcp("GET", "/rules/schema.json") == 200);
  CHECK(from_tcp("GET", "/rules") == 401);
  CHECK(from_tcp("PUT", "/rules") == 401);
  CHECK(from_tcp("POST", "/rules/pause") == 401);
}

TEST_CASE_METHOD(RuleRoutes, "the schema names each signal that there is") {
  const auto schema = nlohmann::json::parse(kRulesSchema);
  const auto& words = schema["$defs"]["when"]["properties"]["signal"]["enum"];
  REQUIRE(words.size() == kSignals);
  for (std::size_t i = 0; i < kSignals; ++i) CHECK(words[i] == signal_word(static_cast<Signal>(i)));
}

TEST_CASE_METHOD(RuleRoutes, "the metrics have each rule's figures, and none of its subjects'") {
  StatusSnapshot status;
  status.rules = service.rules();
  service.set_status(status);
  const auto text = api->handle(request("GET", "/metrics")).body;
  CHECK(text.find("mus_rule_acting{rule=\"asked\"} 1\n") != std::string::npos);
  CHECK(text.find("mus_rule_fired_total{rule=\"asked\"} 7\n") != std::string::npos);
  CHECK(text.find("mus_rules_paused 0\n") != std::string::npos);
  CHECK(text.find("redis-1") == std::string::npos);
}

}  // namespace
}  // namespace mus::test
