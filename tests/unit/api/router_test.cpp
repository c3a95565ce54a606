// SPDX-License-Identifier: Apache-2.0
#include "api/router.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <stdexcept>

#include "api/limits.hpp"
#include "support/fake_service.hpp"
#include "unit/api/request.hpp"

using namespace mus;
using namespace std::chrono_literals;
using mus::test::header_of;
using mus::test::json_request;
using mus::test::parsed;
using mus::test::request;

namespace {

struct Routes {
  test::FakeService service;
  std::unique_ptr<HttpHandler> api = make_api(service, {"secret", "/run/mus-scheduler/token"});

  HttpResponse ask(const HttpRequest& r) { return api->handle(r); }
};

CgroupStats ran(std::uint64_t cpu_time_ns) {
  CgroupStats stats;
  stats.cpu_time_ns = cpu_time_ns;
  stats.waits = 3;
  stats.window = 12500ms;
  stats.recent = {2, 3.5, 700, 900};
  return stats;
}

}  // namespace

TEST_CASE_METHOD(Routes, "a boost answers with what was asked and what was applied, ids as strings") {
  const auto response = ask(request("POST", "/prioritize?pod=redis&ttl=1.5&weight=2048"));
  REQUIRE(response.status == 200);
  CHECK(response.body.ends_with("}\n"));
  const auto body = parsed(response);
  const auto& boost = body["boost"];
  CHECK(boost["id"] == "b1");
  CHECK(boost["target"]["kind"] == "pod");
  CHECK(boost["target"]["pod"] == "redis");
  CHECK(boost["weight"] == 2048);
  CHECK(boost["ttl_seconds"] == 1.5);
  CHECK(boost["pending"].is_null());
  CHECK(boost["applied"][0]["cgroup_id"] == "9007199254740993");
  CHECK(boost["applied"][0]["cgroup_path"] == "/kubepods/redis");
  CHECK(boost["applied"][0]["weight"] == 2048);
  CHECK(body["replaced"] == false);
  CHECK(body["dry_run"] == false);
  CHECK(parsed(ask(request("POST", "/prioritize?pod=redis")))["replaced"] == true);
  CHECK(parsed(ask(request("GET", "/priorities")))["boosts"].size() == 1);
}

TEST_CASE_METHOD(Routes, "a boost that cannot be applied yet is accepted with 202, and says why") {
  const auto response = ask(request("POST", "/prioritize?pod=starting&wait=0.5"));
  CHECK(response.status == 202);
  const auto boost = parsed(response)["boost"];
  CHECK(boost["state"] == "pending");
  CHECK(boost["pending"] == "default/starting has no cgroup: it is starting, or has just ended");
  CHECK(boost["applied"].empty());
  CHECK(service.requests().at(0).wait == 500ms);
  CHECK(parsed(ask(request("POST", "/prioritize?pod=redis")))["boost"]["state"] == "applied");
  CHECK(parsed(ask(request("GET", "/priorities")))["boosts"].size() == 2);
}

TEST_CASE_METHOD(Routes, "boosts that are over, or odd, say so in one word and one sentence") {
  for (const auto& [state, word] : {std::pair{Boost::State::expired, "expired"}, {Boost::State::ended, "ended"}}) {
    service.change_boosts([state = state](std::vector<Boost>& boosts) {
      boosts.resize(1);
      boosts[0].state = state;
      boosts[0].pending = "its time is up";
      boosts[0].note = "the wall clock is behind";
    });
    const auto boost = parsed(ask(request("GET", "/priorities")))["boosts"][0];
    CHECK(boost["state"] == word);
    CHECK(boost["pending"] == "its time is up");
    CHECK(boost["note"] == "the wall clock is behind");
  }
}

TEST_CASE_METHOD(Routes, "the status tells where boosts are kept, and what is wrong with it") {
  CHECK(parsed(ask(request("GET", "/status")))["state_file"].is_null());
  StatusSnapshot status;
  status.state_file = {"/state/boosts.json", 7, "it is damaged"};
  service.set_status(status);
  const auto file = parsed(ask(request("GET", "/status")))["state_file"];
  CHECK(file["path"] == "/state/boosts.json");
  CHECK(file["version"] == 7);
  CHECK(file["trouble"] == "it is damaged");
}

TEST_CASE_METHOD(Routes, "a disk that does not take the change is a problem of DELETE's, too") {
  for (const auto* query : {"/prioritize?all=true", "/prioritize?pod=redis"}) {
    service.fail_next({{Errc::capacity, "boosts.json cannot be written", "make room"}, {}, {}});
    CHECK(ask(request("DELETE", query)).status == 507);
  }
}

TEST_CASE_METHOD(Routes, "a dry run is passed on and leaves no boost") {
  CHECK(parsed(ask(request("POST", "/prioritize?pod=redis&dry_run=true")))["dry_run"] == true);
  CHECK(service.requests().at(0).dry_run);
  CHECK(service.boosts().empty());
}

TEST_CASE_METHOD(Routes,
                 "a lifted limit is shown as asked and as applied, with the directory from which it is lifted") {
  const auto plain = parsed(ask(request("POST", "/prioritize?pod=redis")));
  CHECK(plain["boost"]["ignore_limit"] == false);
  CHECK(plain["boost"]["applied"][0]["limits_lifted_from"].is_null());
  for (const auto& wanted : {request("POST", "/prioritize?pod=redis&ignore_limit=true"),
                             json_request("POST", "/prioritize", R"({"pod":"redis","ignore_limit":true})")}) {
    const auto boost = parsed(ask(wanted))["boost"];
    CHECK(boost["ignore_limit"] == true);
    CHECK(boost["applied"][0]["limits_lifted_from"] == "/kubepods/redis");
  }
  CHECK(service.requests().back().ignore_limit);
  CHECK(parsed(ask(request("GET", "/priorities")))["boosts"][0]["ignore_limit"] == true);
  CHECK(parsed(ask(request("GET", "/status")))["boosts"][0]["applied"][0]["limits_lifted_from"] == "/kubepods/redis");
}

TEST_CASE("the directory from which limits are lifted is the path's first components") {
  AppliedCgroup applied;
  applied.cgroup.path = "/kubepods.slice/pod1.slice/c1";
  for (const auto& [level, path] : {std::pair{0U, ""},
                                    {1U, "/kubepods.slice"},
                                    {2U, "/kubepods.slice/pod1.slice"},
                                    {3U, "/kubepods.slice/pod1.slice/c1"},
                                    {4U, "/kubepods.slice/pod1.slice/c1"}}) {
    applied.lifted_from = level;
    CHECK(lifted_path(applied) == path);
  }
}

TEST_CASE_METHOD(Routes, "DELETE takes back one target, or all, and says what") {
  ask(request("POST", "/prioritize?pod=redis"));
  ask(request("POST", "/prioritize?unit=nginx"));
  const auto one = ask(json_request("DELETE", "/prioritize", R"({"pod":"redis"})"));
  CHECK(one.status == 200);
  CHECK(parsed(one)["removed"][0]["target"]["pod"] == "redis");
  CHECK(ask(request("DELETE", "/prioritize?pod=redis")).status == 404);
  CHECK(parsed(ask(request("DELETE", "/prioritize?all=true")))["removed"].size() == 1);
  CHECK(parsed(ask(request("DELETE", "/prioritize?all=true")))["removed"].empty());
}

TEST_CASE_METHOD(Routes, "each kind of error has its status and a problem document") {
  struct Row {
    Errc code;
    int status;
    const char* slug;
  };
  const auto row = GENERATE(values<Row>({{Errc::invalid_argument, 400, "invalid-argument"},
                                         {Errc::unauthorized, 401, "unauthorized"},
                                         {Errc::forbidden, 403, "forbidden"},
                                         {Errc::not_found, 404, "not-found"},
                                         {Errc::ambiguous, 409, "ambiguous"},
                                         {Errc::rate_limited, 429, "rate-limited"},
                                         {Errc::unavailable, 503, "unavailable"},
                                         {Errc::capacity, 507, "capacity"},
                                         {Errc::unsupported, 503, "unsupported"},
                                         {Errc::busy, 503, "busy"},
                                         {Errc::protocol, 502, "protocol"},
                                         {Errc::io, 500, "io"},
                                         {Errc::internal, 500, "internal"}}));
  service.fail_next({{row.code, "It broke.", "Mend it."}, {}, {}});
  const auto response = ask(request("POST", "/prioritize?pod=redis"));
  CHECK(response.status == row.status);
  CHECK(response.content_type == "application/problem+json");
  const auto body = parsed(response);
  CHECK(body["type"] == std::string("urn:mus-scheduler:problem:") + row.slug);
  CHECK(body["status"] == row.status);
  CHECK(body["detail"] == "It broke.");
  CHECK(body["advice"] == "Mend it.");
  CHECK_FALSE(body["title"].get<std::string>().empty());
  CHECK(header_of(response, "Retry-After").empty());  // waiting helps only where the service says so
  CHECK(service.boosts().empty());
}

TEST_CASE_METHOD(Routes, "ambiguity lists the candidates, and a waiting time is said in header and body") {
  CHECK(parsed(ask(request("POST", "/prioritize?pod=twice")))["candidates"] == nlohmann::json{"a/twice", "b/twice"});
  service.fail_next({{Errc::unavailable, "The kubelet is away.", ""}, {}, 7s});
  const auto response = ask(request("POST", "/prioritize?pod=redis"));
  CHECK(header_of(response, "Retry-After") == "7");
  CHECK(parsed(response)["retry_after_seconds"] == 7);
}

TEST_CASE_METHOD(Routes, "a name that is not UTF-8 still gives a valid document") {
  service.fail_next({{Errc::io, "path \xff\xfe is bad", ""}, {}, {}});
  CHECK(parsed(ask(request("POST", "/prioritize?pod=redis")))["status"] == 500);
}

TEST_CASE_METHOD(Routes, "an exception becomes a 500 that tells nothing of it") {
  service.on_slow_call = [] { throw std::runtime_error("password=hunter2"); };
  const auto response = ask(request("POST", "/prioritize?pod=redis"));
  CHECK(response.status == 500);
  CHECK(response.body.find("hunter2") == std::string::npos);
}

TEST_CASE_METHOD(Routes, "a wrong method is told which ones there are, a wrong path which paths") {
  const auto method = ask(request("GET", "/prioritize?pod=redis"));
  CHECK(method.status == 405);
  CHECK(header_of(method, "Allow") == "POST, DELETE");
  CHECK(header_of(ask(request("POST", "/status")), "Allow") == "GET, HEAD");
  CHECK(ask(request("TRACE", "/status")).status == 405);
  CHECK(ask(request("OPTIONS", "/status")).status == 405);
  const auto path = ask(request("GET", "/priority"));
  CHECK(path.status == 404);
  CHECK(path.body.find("/prioritize") != std::string::npos);
  CHECK(ask(request("GET", "/status/")).status == 404);
}

TEST_CASE_METHOD(Routes, "every answer forbids caching and sniffing") {
  for (const auto* path : {"/livez", "/status", "/metrics", "/nothing"}) {
    const auto response = ask(request("GET", path));
    CHECK(header_of(response, "Cache-Control") == "no-store");
    CHECK(header_of(response, "X-Content-Type-Options") == "nosniff");
  }
  CHECK(header_of(api->refuse(431, "x"), "Cache-Control") == "no-store");
}

TEST_CASE_METHOD(Routes, "the server's own refusals are problem documents") {
  for (const int status : {400, 408, 411, 413, 414, 431, 500, 503}) {
    const auto response = api->refuse(status, "Because.");
    CHECK(response.status == status);
    CHECK(response.content_type == "application/problem+json");
    CHECK(parsed(response)["detail"] == "Because.");
    CHECK(parsed(response)["type"] != "urn:mus-scheduler:problem:http");
  }
}

TEST_CASE_METHOD(Routes, "calls without parameters refuse any, except the probes") {
  for (const auto* path : {"/status", "/priorities", "/pods", "/metrics", "/version"}) {
    CHECK(ask(request("GET", std::string(path) + "?x=1")).status == 400);
  }
  CHECK(ask(request("POST", "/attach?force=true")).status == 400);
  CHECK(ask(request("GET", "/livez?verbose")).status == 200);
  CHECK(ask(request("GET", "/readyz?verbose")).status == 200);
}

TEST_CASE_METHOD(Routes, "readiness follows the scheduler, liveness does not") {
  StatusSnapshot status;
  status.mode = SchedulerMode::fallback;
  status.reason = "another scheduler is attached";
  status.next_attempt_in = 2500ms;
  service.set_status(status);
  const auto ready = ask(request("GET", "/readyz"));
  CHECK(ready.status == 503);
  CHECK(parsed(ready)["detail"] == "another scheduler is attached");
  CHECK(header_of(ready, "Retry-After") == "3");
  CHECK(ask(request("GET", "/livez")).status == 200);
  CHECK(ask(request("POST", "/attach")).status == 200);
  CHECK(ask(request("GET", "/readyz")).body == "ok\n");
  CHECK(parsed(ask(request("POST", "/detach")))["scheduler"]["state"] == "stopped");
  CHECK(header_of(ask(request("GET", "/readyz")), "Retry-After").empty());
}

TEST_CASE_METHOD(Routes, "the status tells why the kernel ejected us, in words and numbers") {
  StatusSnapshot status;
  status.mode = SchedulerMode::fallback;
  status.reason = "ejected";
  status.last_ejection = ExitRecord{1026, 0, "runnable task stall", "redis[42] failed to run for 30.0s"};
  status.last_ejection_age = 12s;
  status.next_attempt_in = 1500ms;
  status.pods = {"kubelet https://127.0.0.1:10250", {}, "connection refused"};
  status.sources = {{status.pods, {}},
                    {{"runtime files of containerd", {}, "", "some may be missing", false, true}, 1500ms}};
  status.stats.counters = {{"wakeups", 5}};
  status.enforced = {{"cpu.weight"}, {"cpu.max", true, "no limits here"}, {"cpu.idle", false, "no idle"}};
  status.limits = {3, 100, 25, 1'500'000, 2, 7};
  status.uptime = 60s;
  service.set_status(status);
  const auto body = parsed(ask(request("GET", "/status")));
  CHECK(body["scheduler"]["state"] == "fallback");
  CHECK(body["scheduler"]["last_ejection"]["kind"] == "stall");
  CHECK(body["scheduler"]["last_ejection"]["kind_number"] == 1026);
  CHECK(body["scheduler"]["last_ejection"]["age_seconds"] == 12);
  CHECK(body["scheduler"]["next_attempt_in_seconds"] == 1.5);
  CHECK(body["scheduler"]["slice_us"] == 3000);
  CHECK(body["scheduler"]["lag_us"] == 10000);
  CHECK(body["scheduler"]["wakeup_preemption"] == true);
  CHECK(body["scheduler"]["boost_ceiling"] == 0.75);
  CHECK(body["scheduler"]["node_floor"] == 0.1);
  CHECK(body["pods_source"]["last_error"] == "connection refused");
  CHECK(body["pods_source"]["age_seconds"].is_null());
  CHECK(body["sources"] == nlohmann::json::parse(R"([
    {"name": "kubelet https://127.0.0.1:10250", "in_use": false, "labels": true, "age_seconds": null,
     "last_error": "connection refused", "note": null},
    {"name": "runtime files of containerd", "in_use": true, "labels": false, "age_seconds": 1.5,
     "last_error": null, "note": "some may be missing"}])"));
  CHECK(body["counters"]["wakeups"] == 5);
  CHECK(body["enforced"] == nlohmann::json{{"cpu.weight", true}, {"cpu.max", true}, {"cpu.idle", "no idle"}});
  CHECK(body["limits"] == nlohmann::json{{"cgroups", 3},
                                         {"periods", 100},
                                         {"throttled_periods", 25},
                                         {"throttled_seconds", 1.5},
                                         {"forced", 2},
                                         {"pardons", 7}});
  CHECK(body["uptime_seconds"] == 60);
}

TEST_CASE_METHOD(Routes, "pods are listed with or without a cgroup, and their source's failure is passed on") {
  service.set_pods({{"default", "redis", "u", "main", "abc", Cgroup{CgroupId{7}, "/x"}, 4096, ran(1'500'000'000),
                     LimitStats{CgroupId{7}, 50'000, 100'000, 20'000, 40, 10, 250'000, 1, 2}},
                    {"default", "job", "v", "main", "", {}, 1024, {}}});
  const auto body = parsed(ask(request("GET", "/pods")));
  CHECK(body["pods"][0]["cgroup_id"] == "7");
  CHECK(body["pods"][0]["cpu_seconds"] == 1.5);
  CHECK(body["pods"][0]["waits"] == 3);
  CHECK(body["pods"][0]["run_delay"] ==
        nlohmann::json{{"window_seconds", 12.5}, {"waits", 2}, {"p50_us", 3.5}, {"p99_us", 700}, {"p999_us", 900}});
  CHECK(body["pods"][1]["run_delay"].is_null());
  CHECK(body["pods"][0]["limit"] == nlohmann::json{{"quota_us", 50000},
                                                   {"period_us", 100000},
                                                   {"burst_us", 20000},
                                                   {"periods", 40},
                                                   {"throttled_periods", 10},
                                                   {"throttled_seconds", 0.25},
                                                   {"forced", 1},
                                                   {"pardons", 2}});
  CHECK(body["pods"][1]["cgroup_id"].is_null());
  CHECK(body["pods"][1]["limit"].is_null());
  service.fail_next({{Errc::protocol, "The kubelet sent garbage.", ""}, {}, {}});
  CHECK(ask(request("GET", "/pods")).status == 502);
}

TEST_CASE("the page is for anybody, with its policy, and never for another site", "[api]") {
  test::FakeService service;
  ApiOptions options{"secret", "/run/mus-scheduler/token"};
  options.page = {"<!doctype html>page", "default-src 'none'"};
  const auto api = make_api(service, options);
  auto asked = request("GET", "/");
  asked.transport = HttpRequest::Transport::tcp;
  asked.headers = {{"host", "127.0.0.1:9797"}};
  const auto page = api->handle(asked);
  CHECK(page.status == 200);
  CHECK(page.content_type == "text/html; charset=utf-8");
  CHECK(page.body == "<!doctype html>page");
  CHECK(header_of(page, "Content-Security-Policy") == "default-src 'none'");
  asked.headers = {{"host", "evil.example"}};
  CHECK(api->handle(asked).status == 421);
}

TEST_CASE_METHOD(Routes, "a daemon without a page says so", "[api]") {
  CHECK(ask(request("GET", "/")).status == 404);
}
