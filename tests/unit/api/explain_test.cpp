// SPDX-License-Identifier: Apache-2.0
// GET /explain, and what POST /prioritize says of others.
#include <catch2/catch_test_macros.hpp>

#include "support/fake_service.hpp"
#include "unit/api/request.hpp"

using namespace mus;
using namespace std::chrono_literals;
using mus::test::header_of;
using mus::test::json_request;
using mus::test::over_tcp;
using mus::test::parsed;
using mus::test::request;

namespace {

struct Explain {
  test::FakeService service;
  std::unique_ptr<HttpHandler> api = make_api(service, {"secret", "/run/mus-scheduler/token"});

  HttpResponse ask(const HttpRequest& r) { return api->handle(r); }
};

Outlook some_outlook() {
  Outlook outlook;
  outlook.node_cpus = 2;
  Effect effect{"shop", "batch", "main", {CgroupId{9007199254740993}, "/kubepods/b"}, 1.23456, 0.5, 0.8};
  outlook.effects = {effect, {"", "", "", {CgroupId{7}, ""}, 1, 0.5, {}}};
  outlook.below_request = {effect};
  outlook.warnings = {"raise the weight"};
  return outlook;
}

Explanation some_explanation() {
  Explanation out;
  out.ns = "shop";
  out.pod = "redis";
  out.container = "main";
  out.cgroup = {CgroupId{5}, "/kubepods/redis"};
  out.request = 0.25;
  out.node_cpus = 2;
  out.threads = 3;
  out.share = 0.0625;
  ExplainedLevel top;
  top.level = {{CgroupId{4}, "/kubepods"}, 79, false, 0};
  top.known = true;
  top.active_siblings = 2;
  top.rivals = 100;
  top.share = 0.44;
  ExplainedLevel leaf;
  leaf.level = {{CgroupId{5}, "/kubepods/redis"}, {}, true, 0.5};
  out.levels = {top, leaf};
  out.now = Standing{1024, 1, 6.25, 0.125, 0.125, {Binding::Kind::limit, "/kubepods/redis", "cpu.max of it"}};
  return out;
}

}  // namespace

TEST_CASE_METHOD(Explain, "a boost's answer says who loses, who falls below the request and by how much") {
  service.set_outlook(some_outlook());
  const auto body = parsed(ask(request("POST", "/prioritize?pod=redis")));
  CHECK(body["forecast"].is_null());
  REQUIRE(body["effects"].size() == 2);
  CHECK(body["effects"][0]["pod"] == "batch");
  CHECK(body["effects"][0]["cgroup_id"] == "9007199254740993");
  CHECK(body["effects"][0]["cpus_before"] == 1.2346);
  CHECK(body["effects"][0]["cpus_after"] == 0.5);
  CHECK(body["effects"][0]["request"] == 0.8);
  CHECK_FALSE(body["effects"][1].contains("pod"));
  CHECK(body["effects"][1]["cgroup_path"].is_null());
  CHECK(body["effects"][1]["request"].is_null());
  REQUIRE(body["below_request"].size() == 1);
  CHECK(body["below_request"][0]["short_by"] == 0.3);
  CHECK(body["warnings"][0] == "raise the weight");
}

TEST_CASE_METHOD(Explain, "without a forecast a boost's answer says why") {
  Outlook outlook;
  outlook.missing = "the tree has not been read yet";
  service.set_outlook(outlook);
  const auto body = parsed(ask(request("POST", "/prioritize?pod=redis&dry_run=true")));
  CHECK(body["forecast"] == "the tree has not been read yet");
  CHECK(body["effects"].empty());
  CHECK(body["below_request"].empty());
}

TEST_CASE_METHOD(Explain, "explain answers with the chain, ids as strings, and null for what is not known") {
  service.set_explanation(some_explanation());
  const auto response = ask(request("GET", "/explain?pod=redis&container=main"));
  REQUIRE(response.status == 200);
  CHECK(response.body.ends_with("}\n"));
  const auto body = parsed(response);
  CHECK(body["target"]["pod"] == "redis");
  CHECK(body["target"]["cgroup_id"] == "5");
  CHECK(body["target"]["request"] == 0.25);
  CHECK(body["levels"][0]["cpu_weight"] == 79);
  CHECK(body["levels"][0]["active_siblings"] == 2);
  CHECK(body["levels"][0]["share_of_level"] == 0.44);
  CHECK(body["levels"][0]["limit_cpus"].is_null());
  CHECK(body["levels"][1]["cpu_weight"].is_null());
  CHECK(body["levels"][1]["cpu_idle"] == true);
  CHECK(body["levels"][1]["limit_cpus"] == 0.5);
  CHECK(body["levels"][1]["share_of_level"].is_null());
  CHECK(body["share"] == 0.0625);
  CHECK(body["now"]["binds"]["kind"] == "cpu.max");
  CHECK(body["now"]["binds"]["cgroup_path"] == "/kubepods/redis");
  CHECK(body["now"]["effective_cpu_weight"] == 6.25);
  CHECK(body["then"].is_null());
  CHECK_FALSE(body.contains("effects"));
  CHECK(service.explained().at(0).target.container == "main");
  CHECK_FALSE(service.explained().at(0).weight);
}

TEST_CASE_METHOD(Explain, "with a weight explain has before, after and the effects") {
  auto explanation = some_explanation();
  explanation.then = explanation.now;
  explanation.then->weight = 2048;
  explanation.outlook = some_outlook();
  service.set_explanation(explanation);
  const auto body = parsed(ask(json_request("GET", "/explain", R"({"pod":"redis","weight":2048})")));
  CHECK(service.explained().at(0).weight == 2048);
  CHECK(body["then"]["weight"] == 2048);
  CHECK(body["effects"].size() == 2);
  CHECK(body["warnings"][0] == "raise the weight");
}

TEST_CASE_METHOD(Explain, "what the scheduler could not tell is null, with the reason") {
  Explanation explanation;
  explanation.cgroup = {CgroupId{5}, "/x"};
  explanation.missing = "the scheduler is in memory";
  service.set_explanation(explanation);
  const auto body = parsed(ask(request("GET", "/explain?cgroup=/x")));
  CHECK(body["unknown"] == "the scheduler is in memory");
  CHECK(body["now"].is_null());
  CHECK(body["share"].is_null());
  CHECK(body["target"]["request"].is_null());
}

TEST_CASE_METHOD(Explain, "explain checks its parameters like a boost, and takes no more than it uses") {
  for (const std::string query : {"", "?pod=redis&weight=15", "?pod=redis&weight=x", "?pod=redis&ttl=1h",
                                  "?pod=redis&dry_run=true", "?pod=redis&all=true", "?pod=redis&unit=x",
                                  "?container=main", "?pod=redis&pod=redis", "?colour=red", "?cgroup=relative"}) {
    CAPTURE(query);
    const auto response = ask(request("GET", "/explain" + query));
    CHECK(response.status == 400);
    CHECK(response.content_type == "application/problem+json");
  }
  CHECK(service.explained().empty());
  CHECK(ask(request("POST", "/explain?pod=redis")).status == 405);
}

TEST_CASE_METHOD(Explain, "explain passes refusals on, with candidates and the time to wait") {
  CHECK(ask(request("GET", "/explain?pod=nowhere")).status == 404);
  service.fail_next({{Errc::ambiguous, "2 match", "narrow it"}, {"a/redis", "b/redis"}, {}});
  const auto several = ask(request("GET", "/explain?pod=redis"));
  CHECK(several.status == 409);
  CHECK(parsed(several)["candidates"].size() == 2);
  service.fail_next({{Errc::unavailable, "the scheduler does not answer", ""}, {}, 1s});
  const auto away = ask(request("GET", "/explain?pod=redis"));
  CHECK(away.status == 503);
  CHECK(header_of(away, "Retry-After") == "1");
}

TEST_CASE_METHOD(Explain, "over TCP explain needs the token, as /pods does") {
  CHECK(ask(over_tcp(request("GET", "/explain?pod=redis"))).status == 401);
  CHECK(ask(over_tcp(request("GET", "/explain?pod=redis"), "secret")).status == 200);
  CHECK(service.explained().size() == 1);
}
