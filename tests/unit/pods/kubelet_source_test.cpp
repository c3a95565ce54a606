// SPDX-License-Identifier: Apache-2.0
#include "pods/kubelet_source.hpp"

#include <algorithm>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <thread>
#include <vector>

#include "support/fake_kubelet_client.hpp"
#include "support/temp_dir.hpp"
#include "unit/pods/names.hpp"

using namespace mus;
using test::has;
using namespace std::chrono_literals;
using Freshness = PodSource::Freshness;

namespace {

std::string list_with(const std::string& name) {
  return R"({"kind":"PodList","items":[{"metadata":{"name":")" + name + R"(","namespace":"n","uid":"u"}}]})";
}

struct Kubelet {
  test::FakeKubeletClient client;
  test::ManualClock clock;
  std::unique_ptr<KubeletSource> source;

  explicit Kubelet(const std::string& token_file = {}) {
    auto made =
        KubeletSource::make(client, {.url = "https://127.0.0.1:10250", .token_file = token_file}, clock.function());
    REQUIRE(made.has_value());
    source = std::move(*made);
    client.answer(200, list_with("first"));
  }

  Error error(Freshness freshness = Freshness::fresh) {
    const auto answer = source->list(freshness);
    REQUIRE_FALSE(answer.has_value());
    return answer.error();
  }
  std::string first(Freshness freshness) {
    const auto answer = source->list(freshness);
    REQUIRE(answer.has_value());
    return (*answer)->pods.at(0).name;
  }
};

}  // namespace

TEST_CASE("cached readers share an answer for ten seconds, fresh ones for one") {
  Kubelet kubelet;
  CHECK(kubelet.first(Freshness::cached) == "first");
  kubelet.client.answer(200, list_with("second"));
  kubelet.clock.advance(999ms);
  CHECK(kubelet.first(Freshness::fresh) == "first");
  CHECK(kubelet.client.requests() == 1);
  kubelet.clock.advance(1ms);
  CHECK(kubelet.first(Freshness::cached) == "first");
  CHECK(kubelet.client.requests() == 1);
  CHECK(kubelet.first(Freshness::fresh) == "second");
  CHECK(kubelet.client.requests() == 2);
  kubelet.client.answer(200, list_with("third"));
  kubelet.clock.advance(9'999ms);
  CHECK(kubelet.first(Freshness::cached) == "second");
  kubelet.clock.advance(1ms);
  CHECK(kubelet.first(Freshness::cached) == "third");
  CHECK(kubelet.client.requests() == 3);
}

TEST_CASE("while the kubelet is away cached readers keep the last list for five minutes, fresh ones hear of it") {
  Kubelet kubelet;
  CHECK(kubelet.first(Freshness::cached) == "first");
  const auto success = kubelet.source->state().last_success;
  kubelet.client.answer(Error{Errc::unavailable, "connection refused", ""});
  kubelet.clock.advance(20s);
  const auto error = kubelet.error();
  CHECK(error.code == Errc::unavailable);
  CHECK(has(error.message, "https://127.0.0.1:10250"));
  CHECK(has(error.message, "connection refused"));
  CHECK(has(error.advice, "--kubelet-url"));
  CHECK(kubelet.first(Freshness::cached) == "first");
  CHECK(kubelet.source->state().last_success == success);
  CHECK(has(kubelet.source->state().last_error, "connection refused"));

  // It is asked again, but no more often than when it answers.
  const auto asked = kubelet.client.requests();
  for (int i = 0; i < 19; ++i) {
    kubelet.clock.advance(1s);
    CHECK(kubelet.first(Freshness::cached) == "first");
  }
  CHECK(kubelet.client.requests() == asked + 1);

  kubelet.clock.advance(261s);  // 300 s after the answer
  CHECK(kubelet.first(Freshness::cached) == "first");
  kubelet.clock.advance(1s);
  CHECK(kubelet.error(Freshness::cached).code == Errc::unavailable);

  kubelet.client.answer(200, list_with("back"));
  kubelet.clock.advance(1s);
  CHECK(kubelet.first(Freshness::cached) == "back");
  CHECK(kubelet.source->state().last_error.empty());
}

TEST_CASE("errors too are asked for at most once a second") {
  Kubelet kubelet;
  kubelet.client.answer(Error{Errc::unavailable, "away", ""});
  for (int i = 0; i < 50; ++i) kubelet.error(i % 2 ? Freshness::fresh : Freshness::cached);
  CHECK(kubelet.client.requests() == 1);
  kubelet.clock.advance(1s);
  kubelet.error();
  CHECK(kubelet.client.requests() == 2);
}

TEST_CASE("each refusal says what to do about it") {
  struct Refusal {
    int status;
    Errc code;
    const char* advice;
  };
  for (const auto& [status, code, advice] : {
           Refusal{400, Errc::protocol, "https://"},
           Refusal{401, Errc::unauthorized, "--kubelet-token-file"},
           Refusal{403, Errc::forbidden, "nodes/pods"},
           Refusal{403, Errc::forbidden, "nodes/proxy"},
           Refusal{404, Errc::protocol, "--kubelet-url"},
           Refusal{405, Errc::protocol, "--kubelet-url"},
           Refusal{302, Errc::protocol, "--kubelet-url"},
           Refusal{429, Errc::unavailable, "try again"},
           Refusal{500, Errc::unavailable, "API server"},
           Refusal{503, Errc::unavailable, "try again"},
       }) {
    INFO(status);
    Kubelet kubelet;
    kubelet.client.answer(status, "Forbidden (user=secret, verb=get, resource=nodes, subresource(s)=[pods proxy])");
    const auto error = kubelet.error();
    CHECK(error.code == code);
    CHECK(has(error.advice, advice));
    CHECK(has(error.message, std::to_string(status)));
    CHECK_FALSE(has(error.message + error.advice, "secret"));
  }
}

TEST_CASE("garbage and oversized answers are protocol errors and leave the last list") {
  Kubelet kubelet;
  CHECK(kubelet.first(Freshness::fresh) == "first");
  kubelet.clock.advance(10s);
  kubelet.client.answer(200, "<html>");
  CHECK(kubelet.error().code == Errc::protocol);
  CHECK(kubelet.first(Freshness::cached) == "first");
  kubelet.clock.advance(10s);
  kubelet.client.answer(200, std::string((64U << 20U) + 1, ' '));
  CHECK(has(kubelet.error().message, "larger than"));
  kubelet.clock.advance(10s);
  kubelet.client.answer(Error{Errc::protocol, "answer larger than 67108864 bytes", ""});
  CHECK(kubelet.error().code == Errc::protocol);
  CHECK(kubelet.first(Freshness::cached) == "first");
}

TEST_CASE("the token file is read for every request, so that a rotated token is used at once") {
  const test::TempDir dir;
  dir.write("token", "  one.two-three\n\n");
  Kubelet kubelet{(dir.path() / "token").string()};
  kubelet.first(Freshness::fresh);
  CHECK(kubelet.client.last_headers().at("Authorization") == "Bearer one.two-three");
  dir.write("token", "rotated");
  kubelet.clock.advance(1s);
  kubelet.first(Freshness::fresh);
  CHECK(kubelet.client.last_headers().at("Authorization") == "Bearer rotated");
}

TEST_CASE("a projected token is a link to a link, and is followed") {
  const test::TempDir dir;
  dir.write("..2026/token", "linked");
  std::filesystem::create_directory_symlink("..2026", dir.path() / "..data");
  std::filesystem::create_symlink("..data/token", dir.path() / "token");
  Kubelet kubelet{(dir.path() / "token").string()};
  kubelet.first(Freshness::fresh);
  CHECK(kubelet.client.last_headers().at("Authorization") == "Bearer linked");
}

TEST_CASE("a token file that holds no token is an error, and nothing is sent") {
  const test::TempDir dir;
  for (const std::string& text : {std::string{}, std::string{" \n\t "}, std::string{"a b"},
                                  std::string{"a\r\nX-Evil: 1"}, std::string{"\x01token"}, std::string(20'000, 'x')}) {
    dir.write("token", text);
    Kubelet kubelet{(dir.path() / "token").string()};
    const auto error = kubelet.error();
    CHECK(error.code == Errc::unavailable);
    CHECK(has(error.message, "token file"));
    CHECK_FALSE(has(error.message, "X-Evil"));
    CHECK(kubelet.client.requests() == 0);
  }
  Kubelet missing{(dir.path() / "missing").string()};
  CHECK(has(missing.error().advice, "--kubelet-token-file"));
}

TEST_CASE("without a token file no credential is sent, and a token never goes over plain HTTP") {
  Kubelet kubelet;
  kubelet.first(Freshness::fresh);
  CHECK_FALSE(kubelet.client.last_headers().contains("Authorization"));
  const auto refused = KubeletSource::make(kubelet.client, {.url = "http://127.0.0.1:10255", .token_file = "/some"});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::invalid_argument);
  CHECK(KubeletSource::make(kubelet.client, {.url = "http://127.0.0.1:10255"}).has_value());
}

TEST_CASE("many callers at once make one request and all get its answer") {
  test::FakeKubeletClient client;
  client.answer(200, list_with("shared"));
  client.delay(50ms);
  auto source = KubeletSource::make(client, {.url = "https://127.0.0.1:10250"}).value();
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const auto answer = source->list(i % 2 ? Freshness::fresh : Freshness::cached);
      if (answer && (*answer)->pods.at(0).name == "shared") ++good;
      (void)source->state();
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(good == 8);
  CHECK(client.requests() == 1);
  CHECK(client.most_at_once() == 1);
}

TEST_CASE("state never waits for a request, nor does a cached reader who can have an older list") {
  test::FakeKubeletClient client;
  client.answer(200, list_with("old"));
  auto source =
      KubeletSource::make(client, {.url = "https://127.0.0.1:10250", .cache_ttl = 1ms, .fresh_interval = 1ms}).value();
  REQUIRE(source->list(Freshness::fresh).has_value());
  client.delay(2s);
  std::this_thread::sleep_for(5ms);
  std::thread slow{[&] { (void)source->list(Freshness::fresh); }};
  while (client.requests() < 2) std::this_thread::sleep_for(1ms);
  const auto start = Clock::now();
  CHECK(source->list(Freshness::cached).value()->pods.at(0).name == "old");
  (void)source->state();
  CHECK(Clock::now() - start < 1s);
  slow.join();
}

TEST_CASE("an odd list is noted in the state until a better one comes") {
  Kubelet kubelet;
  kubelet.client.answer(200, R"({"items":[{"metadata":{"name":"p","namespace":"n","uid":"u"},
                                "status":{"containerStatuses":[{"name":"c","containerID":"odd"}]}}]})");
  kubelet.first(Freshness::fresh);
  CHECK(has(kubelet.source->state().note, "container c"));
  kubelet.client.answer(200, list_with("fine"));
  kubelet.clock.advance(1s);
  kubelet.first(Freshness::fresh);
  CHECK(kubelet.source->state().note.empty());
  CHECK(kubelet.source->state().name == "kubelet https://127.0.0.1:10250");
}

TEST_CASE(
    "a kubelet that lets us wait and then gives no answer is left alone for longer than one that refuses at once") {
  test::FakeKubeletClient client;
  client.answer(Error{Errc::unavailable, "no complete answer", ""});
  const KubeletOptions options{.url = "https://127.0.0.1:10250", .cache_ttl = 60s, .fresh_interval = 1ms};
  const auto ask_twice = [&] {
    const auto source = KubeletSource::make(client, options).value();
    const auto before = client.requests();
    for (int i = 0; i < 2; ++i) {
      CHECK_FALSE(source->list(Freshness::fresh).has_value());
      std::this_thread::sleep_for(5ms);
    }
    return client.requests() - before;
  };
  client.delay(20ms);
  CHECK(ask_twice() == 1);
  // The first may have been slow by accident.
  client.delay(0ms);
  std::size_t most = 0;
  for (int i = 0; i < 10 && most < 2; ++i) most = std::max(most, ask_twice());
  CHECK(most == 2);
}

TEST_CASE("the list at hand is given without asking, until it is too old") {
  Kubelet kubelet;
  CHECK(kubelet.source->known() == nullptr);
  CHECK(kubelet.client.requests() == 0);
  CHECK(kubelet.first(Freshness::cached) == "first");
  kubelet.clock.advance(200s);
  kubelet.client.answer(200, list_with("second"));
  REQUIRE(kubelet.source->known() != nullptr);
  CHECK(kubelet.source->known()->pods.at(0).name == "first");
  CHECK(kubelet.client.requests() == 1);
  kubelet.clock.advance(101s);
  CHECK(kubelet.source->known() == nullptr);
}
