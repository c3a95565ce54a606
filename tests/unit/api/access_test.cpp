// SPDX-License-Identifier: Apache-2.0
#include "api/access.hpp"

#include <catch2/catch_test_macros.hpp>

#include "support/fake_service.hpp"
#include "unit/api/request.hpp"

using namespace mus;
using mus::test::header_of;
using mus::test::over_tcp;
using mus::test::parsed;
using mus::test::request;

namespace {

struct Fixture {
  test::FakeService service;
  std::unique_ptr<HttpHandler> api = make_api(service, {"secret", "/run/mus-scheduler/token"});

  int status_with(const std::string& name, const std::string& value, const std::string& target = "/livez") {
    auto r = over_tcp(request("GET", target));
    r.headers.emplace_back(name, value);
    return api->handle(r).status;
  }
  int status_for_host(const std::string& host) {
    auto r = over_tcp(request("GET", "/livez"));
    r.headers[0].second = host;
    return api->handle(r).status;
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "over TCP nothing but the probes and the version is served without the token") {
  for (const auto* path : {"/livez", "/readyz", "/version"})
    CHECK(api->handle(over_tcp(request("GET", path))).status == 200);
  for (const auto* path : {"/status", "/priorities", "/pods", "/metrics", "/unknown"}) {
    CHECK(api->handle(over_tcp(request("GET", path))).status == 401);
  }
  for (const auto* path : {"/prioritize?pod=redis", "/attach", "/detach"}) {
    CHECK(api->handle(over_tcp(request("POST", path))).status == 401);
  }
  CHECK(api->handle(over_tcp(request("DELETE", "/prioritize?all=true"))).status == 401);
  CHECK(service.requests().empty());

  const auto refused = api->handle(over_tcp(request("POST", "/prioritize?pod=redis")));
  CHECK(header_of(refused, "WWW-Authenticate").starts_with("Bearer"));
  CHECK(parsed(refused)["advice"].get<std::string>().find("/run/mus-scheduler/token") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "the right token opens everything, a wrong one nothing") {
  CHECK(api->handle(over_tcp(request("POST", "/prioritize?pod=redis"), "secret")).status == 200);
  CHECK(api->handle(over_tcp(request("GET", "/status"), "secret")).status == 200);
  for (const auto* token : {"Secret", "secre", "secrets", "secretsecret", "x", " secret"}) {
    CHECK(api->handle(over_tcp(request("GET", "/status"), token)).status == 401);
  }
  CHECK(status_with("authorization", "Basic secret", "/status") == 401);
  CHECK(status_with("authorization", "secret", "/status") == 401);
  CHECK(status_with("authorization", "bearer secret", "/status") == 200);
  auto two = over_tcp(request("GET", "/status"), "secret");
  two.headers.emplace_back("authorization", "Bearer secret");
  CHECK(api->handle(two).status == 401);
}

TEST_CASE_METHOD(Fixture, "without a configured token no token is right, the empty one included") {
  auto closed = make_api(service, {});
  CHECK(closed->handle(over_tcp(request("GET", "/status"), "x")).status == 401);
  auto empty = over_tcp(request("GET", "/status"));
  empty.headers.emplace_back("authorization", "Bearer ");
  CHECK(closed->handle(empty).status == 401);
}

TEST_CASE_METHOD(Fixture, "on the unix socket neither token nor Host nor Origin matter") {
  auto r = request("POST", "/prioritize?pod=redis");
  r.headers[0].second = "evil.example";
  CHECK(api->handle(r).status == 200);
}

TEST_CASE_METHOD(Fixture, "a Host that is no loopback is misdirected, whatever its port") {
  for (const auto* host : {"127.0.0.1", "127.0.0.1:1", "[::1]:9797", "localhost:65535", "LOCALHOST"}) {
    CHECK(status_for_host(host) == 200);
  }
  for (const auto* host : {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.1:",
                           "127.0.0.1:a", "localhost:123456", "localhost@evil", "[::1", "::1", "0.0.0.0"}) {
    INFO(host);
    CHECK(status_for_host(host) == 421);
  }
}

TEST_CASE_METHOD(Fixture, "requests of foreign web pages are refused, those of our own page are not") {
  CHECK(status_with("origin", "http://evil.example") == 403);
  CHECK(status_with("origin", "null") == 403);
  CHECK(status_with("origin", "") == 403);
  CHECK(status_with("origin", "http://127.0.0.1:8080") == 403);
  CHECK(status_with("origin", "https://127.0.0.1:9797") == 403);
  CHECK(status_with("origin", "http://127.0.0.1:9797") == 200);
  CHECK(status_with("sec-fetch-site", "cross-site") == 403);
  CHECK(status_with("sec-fetch-site", "same-site") == 403);
  CHECK(status_with("sec-fetch-site", "same-origin") == 200);
  CHECK(status_with("sec-fetch-site", "none") == 200);
  auto with_token = over_tcp(request("POST", "/prioritize?pod=redis"), "secret");
  with_token.headers.emplace_back("origin", "http://evil.example");
  CHECK(api->handle(with_token).status == 403);
  CHECK(service.requests().empty());
}
