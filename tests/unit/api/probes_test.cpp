// SPDX-License-Identifier: Apache-2.0
// What anybody who reaches --metrics-listen gets to see.
#include "api/probes.hpp"

#include <catch2/catch_test_macros.hpp>

#include "support/fake_service.hpp"
#include "unit/api/request.hpp"

using namespace mus;
using namespace mus::test;

namespace {

struct Probed {
  FakeService service;
  std::unique_ptr<HttpHandler> probes = make_probes(service);

  /// From another machine: by its name for us, without a token.
  [[nodiscard]] HttpResponse ask(const std::string& method, const std::string& target) const {
    auto out = over_tcp(request(method, target));
    out.headers[0].second = "node7.example:9798";
    return probes->handle(out);
  }
};

}  // namespace

TEST_CASE("life, readiness and metrics are for everybody, and are not cached", "[probes]") {
  const Probed node;
  for (const auto* path : {"/livez", "/livez?verbose", "/readyz", "/metrics"}) {
    INFO(path);
    const auto answer = node.ask("GET", path);
    CHECK(answer.status == 200);
    CHECK(header_of(answer, "Cache-Control") == "no-store");
    CHECK(node.ask("HEAD", path).status == 200);
  }
  CHECK(node.ask("GET", "/metrics").body.starts_with("# HELP mus_build_info "));
}

TEST_CASE("nothing else is there: nothing that changes, and nothing that names a pod", "[probes]") {
  const Probed node;
  for (const auto* path : {"/status", "/pods", "/priorities", "/events", "/explain?pod=redis", "/openapi.json", "/"}) {
    INFO(path);
    CHECK(node.ask("GET", path).status == 404);
  }
  for (const auto* path : {"/prioritize?pod=redis", "/attach", "/detach"}) {
    INFO(path);
    CHECK(node.ask("POST", path).status == 404);
    CHECK(node.ask("DELETE", path).status == 404);
  }
  const auto posted = node.ask("POST", "/livez");
  CHECK(posted.status == 405);
  CHECK(header_of(posted, "Allow") == "GET, HEAD");
  CHECK(node.service.requests().empty());
}

TEST_CASE("a probe sees why the daemon is not ready", "[probes]") {
  Probed node;
  StatusSnapshot status;
  status.mode = SchedulerMode::unsupported;
  status.reason = "this kernel has no sched_ext";
  node.service.set_status(status);
  const auto answer = node.ask("GET", "/readyz");
  CHECK(answer.status == 503);
  CHECK(parsed(answer)["detail"] == "this kernel has no sched_ext");
  CHECK(node.ask("GET", "/livez").status == 200);
}
