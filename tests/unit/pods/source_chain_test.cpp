// SPDX-License-Identifier: Apache-2.0
#include "pods/source_chain.hpp"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <thread>
#include <vector>

#include "pods/kubelet_source.hpp"
#include "pods/runtime_source.hpp"
#include "support/fake_kubelet_client.hpp"
#include "support/runtime_host.hpp"
#include "unit/pods/names.hpp"

using namespace mus;
using namespace std::chrono_literals;
using Freshness = PodSource::Freshness;
using namespace mus::test;

namespace {

const std::string from_kubelet =
    R"({"items":[{"metadata":{"name":"redis-x","namespace":"n","uid":"u1","labels":{"app":"redis"}}}]})";

/// A kubelet and a runtime that know different pods, so that it shows whose list it is.
struct TwoSources {
  test::FakeKubeletClient client;
  test::ManualClock clock;
  RuntimeHost files;
  std::unique_ptr<KubeletSource> kubelet;
  RuntimeSource runtime{{.host_root = files.root(), .node = "node1"}, clock.function()};
  std::unique_ptr<SourceChain> chain;

  TwoSources() {
    kubelet = KubeletSource::make(client, {.url = "https://127.0.0.1:10250"}, clock.function()).value();
    chain = std::make_unique<SourceChain>(std::vector<PodSource*>{kubelet.get(), &runtime});
    client.answer(200, from_kubelet);
  }
  void add_runtime() const { files.bundle(RuntimeHost::containerd, {"n", "on-disk", "u2", "app", long_id("a")}); }
  void stop_kubelet() { client.answer(Error{Errc::unavailable, "connection refused", ""}); }

  std::string first(Freshness freshness = Freshness::fresh) const {
    return chain->list(freshness).value()->pods.at(0).name;
  }
};

}  // namespace

TEST_CASE("the first source that can answers, and the states say which one it was") {
  TwoSources node;
  node.add_runtime();
  CHECK_FALSE(node.chain->states().at(0).in_use);
  CHECK_FALSE(node.chain->states().at(1).in_use);
  CHECK(node.first() == "redis-x");
  CHECK(node.chain->list(Freshness::fresh).value()->no_labels.empty());
  CHECK(node.chain->states().at(0).in_use);
  CHECK(node.chain->states().at(0).labels);
  CHECK_FALSE(node.chain->states().at(1).in_use);
  CHECK_FALSE(node.chain->states().at(1).labels);
  CHECK_FALSE(node.chain->states().at(1).last_success.has_value());
  CHECK(has(node.chain->state().name, "kubelet"));

  node.stop_kubelet();
  node.clock.advance(2s);
  const auto list = *node.chain->list(Freshness::fresh).value();
  CHECK(list.pods.at(0).name == "on-disk");
  CHECK(has(list.no_labels, "connection refused"));
  CHECK(node.chain->states().at(1).in_use);
  CHECK(has(node.chain->states().at(0).last_error, "connection refused"));
  CHECK(has(node.chain->state().name, "runtime"));
  CHECK(node.chain->state().last_error.empty());

  node.client.answer(200, from_kubelet);
  node.clock.advance(1s);
  CHECK(node.first() == "redis-x");
  CHECK(has(node.chain->state().name, "kubelet"));
}

TEST_CASE("while the kubelet is away cached readers keep its list, with its labels, and fresh ones get the files'") {
  TwoSources node;
  node.add_runtime();
  CHECK(node.first() == "redis-x");
  node.stop_kubelet();
  node.clock.advance(20s);
  CHECK(node.first(Freshness::fresh) == "on-disk");
  CHECK(node.first(Freshness::cached) == "redis-x");
  REQUIRE(node.chain->known() != nullptr);
  CHECK(node.chain->known()->pods.at(0).name == "redis-x");
  node.clock.advance(300s);
  CHECK(node.first(Freshness::cached) == "on-disk");
  CHECK(node.chain->known()->pods.at(0).name == "on-disk");
}

TEST_CASE("a kubelet that is away is asked once a second, however many ask us") {
  TwoSources node;
  node.add_runtime();
  node.stop_kubelet();
  for (int i = 0; i < 100; ++i) CHECK(node.first(i % 2 ? Freshness::fresh : Freshness::cached) == "on-disk");
  CHECK(node.client.requests() == 1);
  node.clock.advance(1s);
  CHECK(node.first() == "on-disk");
  CHECK(node.client.requests() == 2);
}

TEST_CASE("when nobody can answer, the first one's error is told, with what the others said") {
  TwoSources node;
  node.client.answer(403, "no");
  const auto answer = node.chain->list(Freshness::fresh);
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().code == Errc::forbidden);
  CHECK(has(answer.error().message, "403"));
  CHECK(has(answer.error().message, "container runtime"));
  CHECK(has(answer.error().advice, "nodes/pods"));
  for (const auto& state : node.chain->states()) {
    CHECK_FALSE(state.in_use);
    CHECK_FALSE(state.last_error.empty());
  }
  CHECK(has(node.chain->state().name, "kubelet"));
  CHECK(node.chain->known() == nullptr);
}

TEST_CASE("without a kubelet a list without labels says that there is none") {
  TwoSources node;
  node.add_runtime();
  SourceChain alone{{&node.runtime}};
  const auto list = *alone.list(Freshness::fresh).value();
  CHECK(list.no_labels == "no kubelet is configured");
  CHECK(alone.states().size() == 1);
  CHECK(alone.states().at(0).in_use);
}

TEST_CASE("many threads may ask a chain whose first source comes and goes") {
  TwoSources node;
  node.add_runtime();
  auto impatient =
      KubeletSource::make(node.client, {.url = "https://127.0.0.1:10250", .cache_ttl = 0ms, .fresh_interval = 0ms})
          .value();
  RuntimeSource runtime{{.host_root = node.files.root(), .node = "n"}};
  SourceChain chain{{impatient.get(), &runtime}};
  std::atomic<int> answers{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 50; ++round) {
        if (i == 0) {
          if (round % 2) {
            node.stop_kubelet();
          } else {
            node.client.answer(200, from_kubelet);
          }
        }
        if (chain.list(i % 2 ? Freshness::fresh : Freshness::cached)) ++answers;
        (void)chain.states();
        (void)chain.state();
        (void)chain.known();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(answers == 300);
}
