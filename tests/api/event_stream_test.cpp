// SPDX-License-Identifier: Apache-2.0
// GET /events over real sockets: who reads, who does not, and how it ends.
#include <dirent.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <fstream>
#include <list>
#include <map>
#include <string>
#include <thread>

#include "http/stream_client.hpp"
#include "support/api_server.hpp"

using namespace mus;
using namespace mus::test;
using namespace std::chrono_literals;

namespace {

std::string follow(const std::string& query = {}, const std::string& more_headers = {}) {
  return "GET /events" + query + " HTTP/1.1\r\nHost: localhost\r\n" + more_headers + "\r\n";
}

/// A reader that is connected: it has been told where it is.
struct Reader {
  explicit Reader(const ApiServer& server, const std::string& query = {}) : socket(server.socket()) {
    socket.send(follow(query));
  }
  bool until(std::string_view wanted, std::chrono::milliseconds limit = 10s) {
    return socket.read_until(text, wanted, limit);
  }
  [[nodiscard]] int count(const std::string& part) const {
    int n = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
    return n;
  }

  RawSocket socket;
  std::string text;
};

/// This process' threads, each with how often it has gone to sleep.
std::map<std::string, long> sleeps_by_thread() {
  std::map<std::string, long> threads;
  DIR* tasks = opendir("/proc/self/task");
  while (const dirent* entry = tasks == nullptr ? nullptr : readdir(tasks)) {
    const std::string task = entry->d_name;
    if (task.front() == '.') continue;
    std::ifstream status("/proc/self/task/" + task + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("voluntary_ctxt_switches:")) threads[task] = std::stol(line.substr(line.find(':') + 1));
    }
  }
  if (tasks != nullptr) closedir(tasks);
  return threads;
}

}  // namespace

TEST_CASE("events arrive as they happen, on both doors, and the answer is a stream") {
  ApiServer server;
  Reader reader(server);
  REQUIRE(reader.until("id: "));
  CHECK(status_of(reader.text) == 200);
  CHECK(reader.text.find("\r\nContent-Type: text/event-stream\r\n") != std::string::npos);
  CHECK(reader.text.find("\r\nCache-Control: no-store\r\n") != std::string::npos);
  CHECK(reader.text.find("Content-Length") == std::string::npos);

  RawSocket tcp(server.port());
  tcp.send(follow({}, kToken));
  std::string text;
  REQUIRE(tcp.read_until(text, "id: "));

  const auto before = Clock::now();
  server.events.add(EventKind::restored, {}, "the first");
  REQUIRE(reader.until("the first"));
  REQUIRE(tcp.read_until(text, "the first"));
  CHECK(Clock::now() - before < 2s);
  CHECK(reader.text.find("event: restored\ndata: {") != std::string::npos);
}

TEST_CASE("over TCP the stream needs the token") {
  const ApiServer server;
  CHECK(status_of(server.tcp(http("GET", "/events"))) == 401);
}

TEST_CASE("HEAD tells that the stream is there and does not begin one") {
  const ApiServer server({}, 1);
  for (int i = 0; i < 3; ++i) {
    const auto answer = server.unix_socket(http("HEAD", "/events"));
    CHECK(status_of(answer) == 200);
    CHECK(answer.find("text/event-stream") != std::string::npos);
  }
}

TEST_CASE("a reader that comes again with the last id misses nothing") {
  ApiServer server;
  {
    Reader reader(server);
    REQUIRE(reader.until("id: "));
    server.events.add(EventKind::applied, {}, "one");
    REQUIRE(reader.until("one"));
  }
  const auto last = server.events.last();
  server.events.add(EventKind::lost, {}, "two");
  server.events.add(EventKind::restored, {}, "three");
  RawSocket again(server.socket());
  again.send(follow({}, "Last-Event-ID: " + std::to_string(last) + "\r\n"));
  std::string text;
  REQUIRE(again.read_until(text, "three"));
  CHECK(text.find("one") == std::string::npos);
  CHECK(text.find("two") != std::string::npos);
  CHECK(text.find("event: gap") == std::string::npos);

  for (std::size_t i = 0; i < EventRing::kKept; ++i) server.events.add(EventKind::set, {}, "more");
  Reader late(server, "?since=" + std::to_string(last));
  REQUIRE(late.until("event: gap"));
}

TEST_CASE("a silent stream carries heartbeats") {
  HttpLimits limits;
  limits.heartbeat = 50ms;
  const ApiServer server(limits);
  Reader reader(server);
  REQUIRE(reader.until(":\n\n:\n\n:\n\n"));
  CHECK(reader.count("event:") == 0);
}

TEST_CASE("a reader that takes nothing is dropped, and others go on meanwhile") {
  HttpLimits limits;
  limits.response_time = 1s;
  ApiServer server(limits, 2);
  Reader slow(server);
  Reader fast(server);
  REQUIRE(slow.until("id: "));
  REQUIRE(fast.until("id: "));
  constexpr int kEvents = 900;
  bool all = false;
  std::jthread reading([&] { all = fast.until("number 900."); });
  for (int i = 1; i <= kEvents; ++i) {
    server.events.add(EventKind::applied, {}, "number " + std::to_string(i) + std::string(900, '.'));
  }
  reading.join();
  REQUIRE(all);
  CHECK(fast.count("event: applied") == kEvents);

  // Its place is free again, without its having closed anything.
  std::string answer;
  for (const auto end = Clock::now() + 10s; Clock::now() < end && status_of(answer) != 200;) {
    RawSocket next(server.socket());
    next.send(follow());
    answer.clear();
    (void)next.read_until(answer, "\r\n\r\n");
  }
  CHECK(status_of(answer) == 200);
  slow.text += slow.socket.read_all();
  CHECK(slow.count("event: applied") < kEvents / 2);
  server.events.add(EventKind::applied, {}, "afterwards");
  CHECK(fast.until("afterwards"));
}

TEST_CASE("a reader that has nothing to take for longer than that is kept") {
  HttpLimits limits;
  limits.response_time = 100ms;
  ApiServer server(limits);
  Reader reader(server);
  REQUIRE(reader.until("id: "));
  std::this_thread::sleep_for(400ms);
  server.events.add(EventKind::applied, {}, "at last");
  CHECK(reader.until("at last"));
}

TEST_CASE("one stream more than agreed is refused and told when to try again; the end of one makes room") {
  const ApiServer server({}, 3);
  std::list<Reader> readers;
  for (int i = 0; i < 3; ++i) REQUIRE(readers.emplace_back(server).until("id: "));
  const auto refused = server.unix_socket(follow());
  CHECK(status_of(refused) == 503);
  CHECK(refused.find("Retry-After: ") != std::string::npos);
  CHECK(refused.find("All 3 streams of events are in use.") != std::string::npos);
  readers.pop_back();
  bool let_in = false;
  for (const auto end = Clock::now() + 10s; Clock::now() < end && !let_in;) {
    Reader next(server);
    let_in = next.until("id: ", 1s);
  }
  CHECK(let_in);
}

TEST_CASE("streams take no worker and no place from other requests") {
  HttpLimits limits;
  limits.workers = 1;
  limits.queue = 1;
  const ApiServer server(limits);
  std::list<Reader> readers;
  for (int i = 0; i < 16; ++i) REQUIRE(readers.emplace_back(server).until("id: "));
  for (int i = 0; i < 20; ++i) CHECK(status_of(server.unix_socket(http("GET", "/status"))) == 200);
}

TEST_CASE("half-open connections push out each other, and no stream") {
  ApiServer server;
  Reader reader(server);
  REQUIRE(reader.until("id: "));
  std::list<RawSocket> half_open;
  for (int i = 0; i < 100; ++i) half_open.emplace_back(server.socket()).send("GET /");
  CHECK(status_of(server.unix_socket(http("GET", "/livez"))) == 200);
  server.events.add(EventKind::applied, {}, "still there");
  CHECK(reader.until("still there"));
}

TEST_CASE("what a reader sends is thrown away, and its end is noticed") {
  ApiServer server({}, 1);
  {
    Reader reader(server);
    REQUIRE(reader.until("id: "));
    reader.socket.send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n" + std::string(100'000, 'x'));
    server.events.add(EventKind::applied, {}, "the only answer");
    REQUIRE(reader.until("the only answer"));
    CHECK(reader.count("HTTP/1.1") == 1);
  }
  std::string text;
  for (const auto end = Clock::now() + 10s; Clock::now() < end && status_of(text) != 200;) {
    RawSocket next(server.socket());
    next.send(follow());
    text.clear();
    (void)next.read_until(text, "\r\n\r\n");
  }
  CHECK(status_of(text) == 200);
}

TEST_CASE("at the server's end readers get what was told before, and nobody holds it up") {
  HttpLimits limits;
  limits.stop_grace = 1s;
  ApiServer server(limits);
  Reader reader(server);
  Reader deaf(server);
  REQUIRE(reader.until("id: "));
  REQUIRE(deaf.until("id: "));
  for (int i = 0; i < 300; ++i) server.events.add(EventKind::applied, {}, std::string(900, '.'));
  server.events.add(EventKind::detached, {}, "the last one");
  const auto before = Clock::now();
  std::jthread stopping([&] { server.server().stop(); });
  CHECK(reader.until("the last one"));
  CHECK(reader.socket.read_all().empty());
  stopping.join();
  CHECK(Clock::now() - before < 3s);
}

TEST_CASE("with nobody listening neither time nor events wake the server") {
  HttpLimits limits;
  limits.heartbeat = 20ms;
  const auto not_the_servers = sleeps_by_thread();  // this one, and a sanitizer's
  const auto sleeps_of_server = [&] {
    auto threads = sleeps_by_thread();
    for (const auto& [thread, sleeps] : not_the_servers) threads.erase(thread);
    return threads;
  };
  ApiServer server(limits);
  {
    Reader reader(server);
    REQUIRE(reader.until(":\n\n"));
  }
  // Until the end of that stream is noticed, and all is quiet.
  auto sleeps = sleeps_of_server();
  for (const auto end = Clock::now() + 10s; Clock::now() < end;) {
    std::this_thread::sleep_for(200ms);
    auto now = sleeps_of_server();
    if (now == sleeps) break;
    sleeps = std::move(now);
  }
  REQUIRE_FALSE(sleeps.empty());
  for (int i = 0; i < 10; ++i) server.events.add(EventKind::applied, {}, "unheard");
  std::this_thread::sleep_for(300ms);
  CHECK(sleeps_of_server() == sleeps);
}

TEST_CASE("the client follows until it has had enough, and tells refusals and silence apart") {
  HttpLimits limits;
  limits.heartbeat = 10s;
  ApiServer server(limits, 1);
  server.events.add(EventKind::applied, {}, "before");
  const auto client = make_unix_stream_client(server.socket(), 500ms);
  std::string text;
  auto reply = client->follow("/events?since=0", [&](std::string_view bytes) {
    text += bytes;
    return text.find("before") == std::string::npos;
  });
  REQUIRE(reply);
  CHECK(reply->status == 200);
  CHECK(text.find("event: applied") != std::string::npos);

  reply = client->follow("/events?kind=nonsense", [](std::string_view) { return true; });
  REQUIRE(reply);
  CHECK(reply->status == 400);
  CHECK(reply->body.find("nonsense") != std::string::npos);

  for (const auto end = Clock::now() + 10s; Clock::now() < end;) {  // the first stream's place may still be taken
    reply = client->follow("/events", [](std::string_view) { return true; });
    if (!reply || reply->status == 200) break;
  }
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == Errc::unavailable);

  server.server().stop();
  reply = client->follow("/events", [](std::string_view) { return true; });
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == Errc::unavailable);
  CHECK_FALSE(client->follow("no path", [](std::string_view) { return true; }));
}
