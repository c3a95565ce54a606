// SPDX-License-Identifier: Apache-2.0
#include "api/events.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "api/event_json.hpp"
#include "daemon/event_log.hpp"
#include "support/fake_service.hpp"
#include "unit/api/request.hpp"

using namespace mus;
using namespace mus::test;

namespace {

constexpr std::size_t kRoom = 16 * 1024;

struct Follow {
  explicit Follow(std::size_t kept = 1024, std::size_t streams = 16) : ring(kept) {
    ApiOptions options;
    options.token = "secret";
    options.events = &ring;
    options.event_streams = streams;
    api = make_api(service, options);
  }

  void add(int count, EventKind kind = EventKind::applied) {
    for (int i = 0; i < count; ++i) ring.add(kind, {}, "n" + std::to_string(++added));
  }
  HttpResponse get(const std::string& target, const std::string& last_event_id = {}) const {
    auto r = request("GET", target);
    if (!last_event_id.empty()) r.headers.emplace_back("last-event-id", last_event_id);
    return api->handle(r);
  }

  FakeService service;
  EventRing ring;
  std::unique_ptr<HttpHandler> api;
  int added = 0;
};

std::string started(const HttpResponse& response) {
  REQUIRE(response.stream);
  response.stream->start([] {});
  const auto first = response.stream->next(kRoom);
  REQUIRE(first);
  return *first;
}

int count(const std::string& text, const std::string& part) {
  int n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("an event is one block of the stream, its data one line of JSON") {
  Event event;
  event.id = 41;
  event.at = std::chrono::system_clock::time_point(std::chrono::milliseconds(1'785'585'296'007));
  event.kind = EventKind::restored;
  event.subject = {"b3", "shop", "redis-0", "u-1", "server", Cgroup{CgroupId{9007199254740993}, "/kubepods/x"}};
  event.message = "line\nanother \xff";
  const auto text = event_block(event);
  CHECK(text.starts_with("id: 41\nevent: restored\ndata: {"));
  CHECK(text.ends_with("}\n\n"));
  CHECK(count(text, "\n") == 4);
  const auto data = nlohmann::json::parse(text.substr(text.find('{')));
  CHECK(data["id"] == 41);
  CHECK(data["time"] == "2026-08-01T11:54:56.007Z");
  CHECK(data["kind"] == "restored");
  CHECK(data["boost"] == "b3");
  CHECK(data["namespace"] == "shop");
  CHECK(data["pod"] == "redis-0");
  CHECK(data["uid"] == "u-1");
  CHECK(data["container"] == "server");
  CHECK(data["cgroup_id"] == "9007199254740993");
  CHECK(data["cgroup_path"] == "/kubepods/x");
  CHECK(data["message"] == "line\nanother \xef\xbf\xbd");

  const auto bare = event_block({});
  CHECK(nlohmann::json::parse(bare.substr(bare.find('{')))["pod"].is_null());
}

TEST_CASE("every kind of event has a word that leads back to it") {
  for (int i = 0; i <= static_cast<int>(EventKind::recovered); ++i) {
    const auto kind = static_cast<EventKind>(i);
    CHECK(event_kind(event_word(kind)) == kind);
    CHECK(event_words().find(event_word(kind)) != std::string::npos);
  }
  CHECK_FALSE(event_kind("gap"));
  CHECK_FALSE(event_kind(""));
}

TEST_CASE("a new reader gets only what is new, and is told at once where to resume from") {
  Follow f;
  f.add(3);
  const auto response = f.get("/events");
  CHECK(response.status == 200);
  CHECK(response.content_type == "text/event-stream");
  CHECK(header_of(response, "Cache-Control") == "no-store");
  CHECK(started(response) == "id: " + std::to_string(f.ring.last()) + "\n\n");
  CHECK(response.stream->next(kRoom)->empty());
  f.add(1);
  const auto text = *response.stream->next(kRoom);
  CHECK(count(text, "event: applied") == 1);
  CHECK(text.find("\"n4\"") != std::string::npos);
}

TEST_CASE("a reader that resumes gets all that it missed; the header wins over the parameter") {
  Follow f;
  f.add(5);
  const auto id = [&](int n) { return std::to_string(f.ring.last() - 5 + static_cast<std::uint64_t>(n)); };
  CHECK(count(started(f.get("/events?since=" + id(2))), "event: applied") == 3);
  CHECK(count(started(f.get("/events", id(4))), "event: applied") == 1);
  CHECK(count(started(f.get("/events?since=" + id(1), id(4))), "event: applied") == 1);
  CHECK(started(f.get("/events?since=" + id(5))).empty());
  CHECK(count(started(f.get("/events?since=0")), "event: applied") == 5);
  CHECK(count(started(f.get("/events?since=0")), "event: gap") == 0);
}

TEST_CASE("who was away for too long is told of the gap, and can resume after it") {
  Follow f(4);
  f.add(10);
  const auto begin = f.ring.last() - 10;
  const auto text = started(f.get("/events", std::to_string(begin + 1)));
  CHECK(text.starts_with("id: " + std::to_string(begin + 6) + "\nevent: gap\ndata: {"));
  CHECK(count(text, "event: applied") == 4);
  const auto data =
      nlohmann::json::parse(text.substr(text.find('{'), text.find('\n', text.find('{')) - text.find('{')));
  CHECK(data["after"] == begin + 1);
  CHECK(data["next"] == begin + 7);
  CHECK(count(started(f.get("/events", std::to_string(begin + 6))), "event: gap") == 0);

  // A number of another run of the daemon.
  Follow quiet;
  CHECK(count(started(quiet.get("/events?since=17")), "event: gap") == 1);
}

TEST_CASE("a reader that the log has overtaken is let go; what it has not taken is kept by the log alone") {
  Follow f(8);
  const auto slow = f.get("/events");
  const auto fast = f.get("/events");
  (void)started(slow);
  (void)started(fast);
  for (int i = 0; i < 10; ++i) {
    f.add(1);
    CHECK(fast.stream->next(kRoom));
  }
  CHECK_FALSE(slow.stream->next(kRoom));
}

TEST_CASE("only as much is taken from the log as there is room for") {
  Follow f;
  for (int i = 0; i < 200; ++i) f.ring.add(EventKind::set, {}, std::string(1000, 'x'));
  const auto response = f.get("/events?since=0");
  std::size_t all = 0;
  auto piece = started(response);
  while (!piece.empty()) {
    CHECK(piece.size() < 2 * kRoom);
    all += static_cast<std::size_t>(count(piece, "event: set"));
    piece = *response.stream->next(kRoom);
  }
  CHECK(all == 200);
}

TEST_CASE("kinds that were not asked for are left out, and count as seen") {
  Follow f;
  const auto response = f.get("/events?kind=lost,restored,lost");
  (void)started(response);
  CHECK(response.stream->heartbeat() == ":\n\n");
  f.add(2, EventKind::lost);
  f.add(1, EventKind::applied);
  f.add(1, EventKind::restored);
  f.add(3, EventKind::applied);
  const auto text = *response.stream->next(kRoom);
  CHECK(count(text, "event: lost") == 2);
  CHECK(count(text, "event: restored") == 1);
  CHECK(count(text, "event: ") == 3);
  CHECK(response.stream->heartbeat() == ":\nid: " + std::to_string(f.ring.last()) + "\n\n");
  CHECK(response.stream->heartbeat() == ":\n\n");
}

TEST_CASE("a wrong parameter of /events is a 400 that says what to write") {
  const Follow f;
  for (const auto* target : {"/events?since=x", "/events?since=-1", "/events?since=",
                             "/events?since=99999999999999999999", "/events?kind=", "/events?kind=lost,",
                             "/events?kind=LOST", "/events?kind=gap", "/events?verbose=1", "/events?since=1&since=2"}) {
    INFO(target);
    const auto response = f.get(target);
    CHECK(response.status == 400);
    CHECK_FALSE(parsed(response)["advice"].get<std::string>().empty());
    CHECK_FALSE(response.stream);
  }
  CHECK(f.get("/events", "1; DROP").status == 400);
}

TEST_CASE("/events is for those who may read, and not more of them than agreed") {
  Follow f(16, 2);
  auto tcp = over_tcp(request("GET", "/events"));
  CHECK(f.api->handle(tcp).status == 401);
  CHECK(f.api->handle(over_tcp(request("GET", "/events"), "secret")).status == 200);
  CHECK(f.api->handle(request("POST", "/events")).status == 405);

  auto one = f.get("/events");
  const auto two = f.get("/events");
  const auto three = f.get("/events");
  CHECK(one.status == 200);
  CHECK(two.status == 200);
  CHECK(three.status == 503);
  CHECK_FALSE(header_of(three, "Retry-After").empty());
  CHECK_FALSE(three.stream);
  one.stream.reset();
  CHECK(f.get("/events").status == 200);
}

TEST_CASE("without a log of events /events says so") {
  FakeService service;
  const auto api = make_api(service, {});
  CHECK(api->handle(request("GET", "/events")).status == 503);
}
