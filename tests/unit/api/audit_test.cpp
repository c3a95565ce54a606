// SPDX-License-Identifier: Apache-2.0
// What the log says about who changed something.
#include "api/audit.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

using namespace mus;
using namespace std::chrono_literals;

namespace {

struct Answering final : HttpHandler {
  HttpResponse handle(const HttpRequest& /*request*/) override { return {status, "text/plain", "answer", {}}; }
  HttpResponse refuse(int code, std::string_view /*detail*/) override { return {code, "text/plain", "no", {}}; }
  int status = 200;
};

struct Audit {
  Answering inner;
  std::vector<std::string> lines;
  TimePoint now{1h};
  AuditLog log = [this](const std::string& line) { lines.push_back(line); };
  std::unique_ptr<HttpHandler> handler = make_audited(inner, log, [this] { return now; });

  static HttpRequest boost() {
    HttpRequest request;
    request.method = "POST";
    request.path = "/prioritize";
    request.query = {{"pod", "redis"}, {"weight", "4096"}};
    request.headers = {{"authorization", "Bearer secret"}};
    request.peer = PeerCredentials{812, 1000, 993};
    return request;
  }
};

}  // namespace

TEST_CASE("a change is told with the caller's ids, the answer's status and what was asked for", "[audit]") {
  Audit audit;
  CHECK(audit.handler->handle(Audit::boost()).body == "answer");
  CHECK(audit.lines ==
        std::vector<std::string>{"audit: 200 uid=1000 gid=993 pid=812 POST /prioritize pod=redis weight=4096"});
}

TEST_CASE("what only reads is not told", "[audit]") {
  Audit audit;
  for (const auto* method : {"GET", "HEAD"}) {
    auto request = Audit::boost();
    request.method = method;
    (void)audit.handler->handle(request);
  }
  CHECK(audit.lines.empty());
}

TEST_CASE("over TCP there are no ids, and the token is not told", "[audit]") {
  Audit audit;
  auto request = Audit::boost();
  request.transport = HttpRequest::Transport::tcp;
  request.peer.reset();
  request.method = "DELETE";
  request.query.clear();
  request.body = R"({"pod":"redis"})";
  (void)audit.handler->handle(request);
  CHECK(audit.lines == std::vector<std::string>{R"(audit: 200 tcp DELETE /prioritize {"pod":"redis"})"});
}

TEST_CASE("a caller's text stays on its line, behind what is ours, and within its length", "[audit]") {
  Audit audit;
  auto request = Audit::boost();
  request.query = {{"pod", "x\naudit: 200 uid=0 \x1b[2J\xc3\xa9" + std::string(1000, 'a')}};
  (void)audit.handler->handle(request);
  REQUIRE(audit.lines.size() == 1);
  const auto& line = audit.lines[0];
  CHECK(line.starts_with("audit: 200 uid=1000 gid=993 pid=812 POST /prioritize pod=x?audit: 200 uid=0 ?[2J??aaa"));
  CHECK(line.ends_with("aaa..."));
  CHECK(line.size() == std::string("audit: 200 uid=1000 gid=993 pid=812 ").size() + kAuditedBytes);
}

TEST_CASE("refused requests do not fill the log, are counted, and hide no change", "[audit]") {
  Audit audit;
  audit.inner.status = 401;
  for (unsigned i = 0; i < kRefusalsAtOnce + 7; ++i) (void)audit.handler->handle(Audit::boost());
  CHECK(audit.lines.size() == kRefusalsAtOnce);
  audit.inner.status = 200;
  (void)audit.handler->handle(Audit::boost());
  REQUIRE(audit.lines.size() == kRefusalsAtOnce + 1);
  CHECK(audit.lines.back().starts_with("audit: (7 refused before were not told) 200 uid=1000"));
  audit.inner.status = 401;
  audit.now += 2500ms;
  for (int i = 0; i < 5; ++i) (void)audit.handler->handle(Audit::boost());
  CHECK(audit.lines.size() == kRefusalsAtOnce + 3);
  audit.now += 500ms;
  (void)audit.handler->handle(Audit::boost());
  CHECK(audit.lines.size() == kRefusalsAtOnce + 4);
  CHECK(audit.lines.back().starts_with("audit: (3 refused before were not told) 401 "));
}
