// SPDX-License-Identifier: Apache-2.0
#include "cli/events.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sstream>
#include <utility>
#include <vector>

#include "cli/client.hpp"

using namespace mus;

namespace {

using Seen = std::vector<std::pair<std::string, std::string>>;

class FakeStream final : public HttpStreamClient {
 public:
  Result<HttpReply> follow(const std::string& path, const std::function<bool(std::string_view)>& take) override {
    asked = path;
    for (const auto& piece : pieces) {
      if (!take(piece)) break;
      ++taken;
    }
    return answer;
  }
  std::string asked;
  std::vector<std::string> pieces;
  std::size_t taken = 0;
  Result<HttpReply> answer = HttpReply{200, "text/event-stream", ""};
};

struct Ran {
  int code = 0;
  std::string out, err;
};

Ran run(FakeStream& daemon, bool json = false) {
  Command command;
  command.kind = Command::Kind::events;
  command.json = json;
  std::ostringstream out;
  std::ostringstream err;
  const int code = run_events(command, daemon, out, err);
  return {code, out.str(), err.str()};
}

const std::string kEvent =
    "id: 7\nevent: lost\ndata: {\"id\":7,\"time\":\"2026-08-01T10:00:00.000Z\",\"kind\":\"lost\",\"boost\":\"b1\","
    "\"namespace\":\"shop\",\"pod\":\"redis-0\",\"container\":\"server\",\"message\":\"gone\\u001b[2J\"}\n\n";

}  // namespace

TEST_CASE("a stream is understood in whatever pieces it comes", "[cli]") {
  const std::string text = "id: 3\n\n:\n\n" + kEvent + ":\r\nid: 9\r\n\r\nevent: x\ndata: a\ndata: b\n\nnonsense\n\n";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    Seen seen;
    EventReader reader([&](const std::string& name, const std::string& data) { seen.emplace_back(name, data); });
    for (std::size_t at = 0; at < text.size(); at += size) REQUIRE(reader.take(text.substr(at, size)));
    REQUIRE(seen.size() == 2);
    CHECK(seen[0].first == "lost");
    CHECK(seen[1] == std::pair<std::string, std::string>("x", "a\nb"));
    CHECK(reader.last_id() == "9");
  }
}

TEST_CASE("a line without end is not collected for ever", "[cli]") {
  EventReader reader([](const std::string&, const std::string&) {});
  bool fine = true;
  for (int i = 0; i < 100 && fine; ++i) fine = reader.take(std::string(10'000, 'x'));
  CHECK_FALSE(fine);
}

TEST_CASE("an event is printed as a line without control characters, or as its JSON", "[cli]") {
  FakeStream daemon;
  daemon.pieces = {kEvent};
  auto ran = run(daemon);
  CHECK(daemon.asked == "/events");
  CHECK(ran.out.starts_with("2026-08-01T10:00:00.000Z  lost      b1 shop/redis-0/server: gone"));
  CHECK(ran.out.find('\x1b') == std::string::npos);
  ran = run(daemon, true);
  CHECK(ran.out.starts_with("{\"id\":7,"));
  CHECK(ran.out.ends_with("}\n"));
}

TEST_CASE("when the daemon ends the stream, it is said how to go on", "[cli]") {
  FakeStream daemon;
  daemon.pieces = {kEvent};
  const auto ran = run(daemon);
  CHECK(ran.code == 1);
  CHECK(ran.err == "mus-scheduler: the daemon ended the stream\nWhat follows: mus-scheduler events --since 7\n");
}

TEST_CASE("a refusal is printed with its advice, and an unreachable daemon as such", "[cli]") {
  FakeStream daemon;
  daemon.answer = HttpReply{503, "application/problem+json", R"({"detail":"all in use","advice":"wait"})"};
  auto ran = run(daemon);
  CHECK(ran.code == 1);
  CHECK(ran.err == "mus-scheduler: all in use\nwait\n");
  daemon.answer = fail(Errc::unavailable, "cannot connect");
  ran = run(daemon);
  CHECK(ran.code == 1);
  CHECK(ran.err.find("does not answer") != std::string::npos);
}

TEST_CASE("options of events become parameters", "[cli]") {
  Command command;
  command.kind = Command::Kind::events;
  command.since = 0;
  command.kinds = "lost,restored";
  CHECK(request_path(command) == "/events?since=0&kind=lost%2Crestored");

  const char* words[] = {"mus-scheduler", "events", "--since", "12", "--kind", "lost", "--json", "--socket", "/s"};
  const auto parsed = parse_command_line(9, words);
  REQUIRE(parsed);
  CHECK(parsed->kind == Command::Kind::events);
  CHECK(parsed->since == 12);
  CHECK(parsed->kinds == "lost");
  CHECK(parsed->json);
  CHECK(parsed->options.socket == "/s");
  const char* wrong[] = {"mus-scheduler", "events", "--since", "yesterday"};
  CHECK_FALSE(parse_command_line(4, wrong));
}
