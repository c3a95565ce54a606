// SPDX-License-Identifier: Apache-2.0
#include "api/parameters.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "api/target_request.hpp"
#include "mus/duration.hpp"
#include "unit/api/request.hpp"

using namespace mus;
using namespace std::chrono_literals;
using mus::test::json_request;
using mus::test::request;

namespace {

Result<PrioritizeRequest> prioritize(const HttpRequest& http) {
  const auto parameters = Parameters::read(http, prioritize_parameters());
  if (!parameters) return fail(Errc::invalid_argument, parameters.error().detail, parameters.error().advice);
  return to_prioritize_request(*parameters);
}

Result<PrioritizeRequest> query(const std::string& text) {
  return prioritize(request("POST", "/prioritize?" + text));
}

}  // namespace

TEST_CASE("durations are read in every documented form and in no other") {
  struct Row {
    const char* text;
    std::optional<std::chrono::milliseconds> wanted;
  };
  const auto row = GENERATE(values<Row>({
      {"90", 90s},
      {"1.5", 1500ms},
      {"0.0019", 1ms},
      {"500ms", 500ms},
      {"90s", 90s},
      {"15m", 15min},
      {"1h30m", 90min},
      {"7d", 7 * 24h},
      {"1h30m500ms", 90min + 500ms},
      {"1d1h1m1s1ms", 24h + 1h + 1min + 1s + 1ms},
      {"", {}},
      {"s", {}},
      {"m15", {}},
      {"15 m", {}},
      {"-5", {}},
      {"+5", {}},
      {"1.", {}},
      {".5", {}},
      {"30m1h", {}},
      {"1h1h", {}},
      {"1h30", {}},
      {"1.5h", {}},
      {"1e3", {}},
      {"5x", {}},
      {"99999999999999999999", {}},
      {"1000000001", {}},
      {"0x10", {}},
      {"5ms5", {}},
  }));
  INFO(row.text);
  CHECK(parse_duration(row.text) == row.wanted);
}

TEST_CASE("a duration is written as it may be read again") {
  const auto duration = GENERATE(values<std::chrono::milliseconds>(
      {0ms, 1ms, 999ms, 1s, 1500ms, 59min + 59s, 1h, 90min + 500ms, 24h, 7 * 24h, 24h + 1h + 1min + 1s + 1ms}));
  INFO(to_text(duration));
  CHECK(parse_duration(to_text(duration)) == duration);
}

TEST_CASE("a query becomes a command, with defaults where nothing is said") {
  const auto plain = query("pod=redis");
  REQUIRE(plain);
  CHECK(plain->target.kind == Target::Kind::pod);
  CHECK(plain->target.pod == "redis");
  CHECK(plain->weight == 4096);
  CHECK_FALSE(plain->ttl);
  CHECK_FALSE(plain->dry_run);

  const auto full = query(
      "pod=redis&namespace=shop&container=main&uid=ab-1&label=app%3Dredis&all=true&weight=16&ttl=1.5&dry_run=true");
  REQUIRE(full);
  CHECK(full->target.ns == "shop");
  CHECK(full->target.container == "main");
  CHECK(full->target.uid == "ab-1");
  CHECK(full->target.label == "app=redis");
  CHECK(full->target.all);
  CHECK(full->weight == 16);
  CHECK(full->ttl == 1500ms);
  CHECK(full->dry_run);

  CHECK(query("cgroup=/system.slice/x.service")->target.kind == Target::Kind::cgroup);
  CHECK(query("unit=redis-server")->target.kind == Target::Kind::unit);
  CHECK(query("pid=42")->target.kind == Target::Kind::pid);
  CHECK(query("pid=42")->target.pid == 42);
  CHECK(query("uid=0f0f8b2e-98a5-4a3b-9f57-52f1f23a9d50")->target.kind == Target::Kind::pod);
  CHECK(query("label=app.kubernetes.io/name%3Dredis&container=main")->target.kind == Target::Kind::pod);
}

TEST_CASE("a JSON body says the same as the query") {
  const auto body = prioritize(
      json_request("POST", "/prioritize",
                   R"({"pod":"redis","namespace":"shop","weight":2048,"ttl":"15m","dry_run":true,"all":false})"));
  const auto same = query("pod=redis&namespace=shop&weight=2048&ttl=15m&dry_run=true&all=false");
  REQUIRE(body);
  REQUIRE(same);
  CHECK(body->target == same->target);
  CHECK(body->weight == same->weight);
  CHECK(body->ttl == same->ttl);
  CHECK(body->dry_run == same->dry_run);
  CHECK(prioritize(json_request("POST", "/prioritize", R"({"pid":7,"ttl":90})"))->ttl == 90s);
}

TEST_CASE("a caller may wait, for at most half a minute") {
  CHECK_FALSE(query("pod=redis")->wait);
  CHECK(query("pod=redis&wait=1.5")->wait == 1500ms);
  CHECK(query("pod=redis&wait=30s")->wait == 30s);
  CHECK(query("pod=redis&wait=0")->wait == 0ms);
  CHECK(prioritize(json_request("POST", "/prioritize", R"({"pod":"redis","wait":2})"))->wait == 2s);
}

TEST_CASE("every wrong parameter is refused by name, with what to write instead") {
  struct Row {
    const char* query;
    const char* named;
  };
  const auto row = GENERATE(values<Row>({
      {"pod=redis&weight=15", "weight"},
      {"pod=redis&weight=102401", "weight"},
      {"pod=redis&weight=99999999999999999999", "weight"},
      {"pod=redis&weight=-4096", "weight"},
      {"pod=redis&weight=4096.5", "weight"},
      {"pod=redis&weight=high", "weight"},
      {"pod=redis&weight=", "weight"},
      {"pod=redis&ttl=soon", "ttl"},
      {"pod=redis&ttl=999ms", "ttl"},
      {"pod=redis&ttl=0", "ttl"},
      {"pod=redis&ttl=31d", "ttl"},
      {"pod=redis&ttl=-1", "ttl"},
      {"pod=redis&wait=soon", "wait"},
      {"pod=redis&wait=31", "wait"},
      {"pod=redis&wait=-1", "wait"},
      {"pod=redis&wait=", "wait"},
      {"pod=redis&namespace=Shop", "namespace"},
      {"pod=redis&namespace=a.b", "namespace"},
      {"pod=redis&namespace=", "namespace"},
      {"pod=redis&container=a_b", "container"},
      {"pod=-redis", "pod"},
      {"pod=", "pod"},
      {"pod=Redis", "pod"},
      {"pod=a..b", "pod"},
      {"pod=redis/../x", "pod"},
      {"pod=re%00dis", "pod"},
      {"uid=a/b", "uid"},
      {"label=redis", "label"},
      {"label=%3Dredis", "label"},
      {"label=a=b=c", "label"},
      {"label=UP_/x=y", "label"},
      {"cgroup=system.slice", "cgroup"},
      {"cgroup=/a/../b", "cgroup"},
      {"cgroup=/a/..", "cgroup"},
      {"cgroup=/a%0Ab", "cgroup"},
      {"unit=a/b", "unit"},
      {"unit=..", "unit"},
      {"pid=0", "pid"},
      {"pid=-1", "pid"},
      {"pid=self", "pid"},
      {"pid=4194305", "pid"},
      {"pod=redis&all=yes", "all"},
      {"pod=redis&dry_run=", "dry_run"},
      {"pod=redis&ignore_limit=maybe", "ignore_limit"},
      {"pod=redis&priority=5", "priority"},
      {"pod=redis&Pod=redis", "Pod"},
      {"pod=redis&pod=redis", "pod"},
      {"pod=redis&weight=1024&weight=4096", "weight"},
      {"pod=redis&cgroup=/a", "pod, cgroup"},
      {"unit=a&pid=1", "unit, pid"},
      {"cgroup=/a&container=b", "container"},
      {"cgroup=/a&namespace=b", "namespace"},
      {"unit=a&all=true", "all"},
      {"namespace=shop", "namespace"},
      {"container=main", "container"},
      {"all=true", "all"},
      {"weight=4096", "target"},
  }));
  INFO(row.query);
  const auto command = query(row.query);
  REQUIRE_FALSE(command);
  CHECK(command.error().code == Errc::invalid_argument);
  CHECK(command.error().message.find(row.named) != std::string::npos);
  CHECK_FALSE(command.error().advice.empty());
}

TEST_CASE("the longest valid names pass and one more character does not") {
  const std::string label(63, 'a');
  const std::string subdomain = label + "." + label + "." + label + "." + std::string(61, 'a');
  CHECK(query("pod=" + subdomain));
  CHECK_FALSE(query("pod=" + subdomain + "a"));
  CHECK(query("pod=a&namespace=" + label));
  CHECK_FALSE(query("pod=a&namespace=" + label + "a"));
  CHECK(query("label=" + subdomain + "/" + label + "%3D" + label));
  CHECK_FALSE(query("label=a%3D" + label + "a"));
}

TEST_CASE("a JSON body with anything but plain values of the right type is refused") {
  const auto body = GENERATE(
      as<std::string>{}, R"({"pod":5})", R"({"pod":"a","weight":"4096"})", R"({"pod":"a","weight":40.96})",
      R"({"pod":"a","weight":true})", R"({"pod":"a","all":"true"})", R"({"pod":"a","ttl":true})", R"({"pod":null})",
      R"({"pod":["a"]})", R"({"pod":{"name":"a"}})", R"({"pod":"a","pod":"a"})", R"({"pid":"1"})", R"(["pod"])",
      R"("pod")", "5", "true", "null", "{", R"({"pod":"a"} x)", R"({"pod":"a",})", "{'pod':'a'}", "\xff",
      R"({"pod":"\ud800"})", R"({"pod":"a","weight":1e400})", R"({"pod":"a","ttl":1e3})");
  INFO(body);
  const auto command = prioritize(json_request("POST", "/prioritize", body));
  REQUIRE_FALSE(command);
  CHECK(command.error().code == Errc::invalid_argument);
  CHECK_FALSE(command.error().advice.empty());
}

TEST_CASE("a body nested a hundred thousand deep is refused at its first bracket") {
  CHECK_FALSE(prioritize(json_request("POST", "/prioritize", std::string(60'000, '['))));
  CHECK_FALSE(prioritize(json_request("POST", "/prioritize", R"({"pod":)" + std::string(60'000, '['))));
}

TEST_CASE("query and body together are refused, naming a parameter of the query") {
  auto both = json_request("POST", "/prioritize?pod=redis", R"({"weight":4096})");
  const auto read = Parameters::read(both, prioritize_parameters());
  REQUIRE_FALSE(read);
  CHECK(read.error().status == 400);
  CHECK(read.error().detail.find("\"pod\"") != std::string::npos);
}

TEST_CASE("a body must be declared as JSON; blanks alone are no body") {
  auto form = request("POST", "/prioritize");
  form.body = "pod=redis";
  form.headers.emplace_back("content-type", "application/x-www-form-urlencoded");
  REQUIRE_FALSE(Parameters::read(form, prioritize_parameters()));
  CHECK(Parameters::read(form, prioritize_parameters()).error().status == 415);

  auto blank = request("POST", "/prioritize?pod=redis");
  blank.body = "\r\n";
  CHECK(Parameters::read(blank, prioritize_parameters()));

  auto charset = request("POST", "/prioritize");
  charset.body = R"({"pod":"a"})";
  charset.headers.emplace_back("content-type", "Application/JSON ; charset=utf-8");
  CHECK(Parameters::read(charset, prioritize_parameters()));
}

TEST_CASE("a reset is of one target, or of everything when only all=true is said") {
  const auto reset = [](const std::string& text) {
    return to_reset_request(*Parameters::read(request("DELETE", "/prioritize" + text), reset_parameters()));
  };
  CHECK(reset("?all=true")->everything);
  CHECK_FALSE(reset("?all=true&pod=redis")->everything);
  CHECK(reset("?all=true&pod=redis")->target.all);
  CHECK(reset("?unit=redis")->target.unit == "redis");
  CHECK_FALSE(reset("?all=false"));
  CHECK_FALSE(reset(""));
  CHECK(reset("").error().advice.find("all=true") != std::string::npos);
  CHECK_FALSE(Parameters::read(request("DELETE", "/prioritize?pod=a&weight=1024"), reset_parameters()));
}
