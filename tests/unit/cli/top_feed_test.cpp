// SPDX-License-Identifier: Apache-2.0
// Asking the daemon beside the terminal.
#include "cli/top/feed.hpp"

#include <poll.h>

#include <catch2/catch_test_macros.hpp>
#include <mutex>

using namespace mus;
using namespace mus::top;
using namespace std::chrono_literals;

namespace {

class SlowDaemon final : public HttpClient {
 public:
  Result<HttpReply> send(std::string_view method, const std::string& path, const std::map<std::string, std::string>&,
                         const std::string&) override {
    std::unique_lock lock(mutex_);
    asked_.push_back(std::string(method) + " " + path);
    changed_.wait(lock, [this] { return !held_; });
    return HttpReply{200, "application/json", "{}"};
  }
  void hold(bool held) {
    const std::lock_guard lock(mutex_);
    held_ = held;
    changed_.notify_all();
  }
  std::vector<std::string> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> asked_;
  bool held_ = false;
};

Request question(Command::Kind kind, const std::string& pod, std::uint64_t number) {
  Request request;
  request.command.kind = kind;
  request.command.target.pod = pod;
  request.number = number;
  return request;
}

/// All news until `enough` says so.
template <typename Enough>
Feed::News until(Feed& feed, const Enough& enough) {
  Feed::News all;
  for (int i = 0; i < 200 && !enough(all); ++i) {
    pollfd bell{feed.fd(), POLLIN, 0};
    poll(&bell, 1, 100);
    auto news = feed.take();
    if (news.poll) all.poll.emplace(std::move(*news.poll));
    for (auto& answer : news.answers) all.answers.push_back(std::move(answer));
  }
  return all;
}

}  // namespace

TEST_CASE("it polls by itself, status and pods, again and again", "[top]") {
  SlowDaemon daemon;
  Feed feed(daemon, 20ms);
  CHECK(until(feed, [](const Feed::News& news) { return news.poll.has_value(); }).poll);
  CHECK(until(feed, [](const Feed::News& news) { return news.poll.has_value(); }).poll);
  const auto asked = daemon.asked();
  REQUIRE(asked.size() >= 4);
  CHECK(asked[0] == "GET /status");
  CHECK(asked[1] == "GET /pods");
}

TEST_CASE("of questions that wait only the last is asked, and changes are all made, in order", "[top]") {
  SlowDaemon daemon;
  daemon.hold(true);
  Feed feed(daemon, 1h);
  for (int i = 0; i < 200 && daemon.asked().empty(); ++i) std::this_thread::sleep_for(10ms);
  feed.ask(question(Command::Kind::explain, "a", 1));
  feed.ask(question(Command::Kind::prioritize, "b", 2));
  feed.ask(question(Command::Kind::explain, "c", 3));
  feed.ask(question(Command::Kind::reset, "d", 4));
  daemon.hold(false);
  const auto news = until(feed, [](const Feed::News& all) { return all.answers.size() == 3; });
  REQUIRE(news.answers.size() == 3);
  CHECK(news.answers[0].first.number == 2);
  CHECK(news.answers[1].first.number == 3);
  CHECK(news.answers[2].first.number == 4);
}

TEST_CASE("after a change the next poll comes at once", "[top]") {
  SlowDaemon daemon;
  Feed feed(daemon, 1h);
  until(feed, [](const Feed::News& news) { return news.poll.has_value(); });
  feed.ask(question(Command::Kind::prioritize, "a", 1));
  CHECK(until(feed, [](const Feed::News& news) { return news.poll.has_value(); }).poll);
}
