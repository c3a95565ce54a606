// SPDX-License-Identifier: Apache-2.0
// What the service says of a boost's consequences, and of where a cgroup stands.
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "unit/daemon/seen_node.hpp"

using namespace mus;
using namespace mus::test;
using namespace std::chrono_literals;
using Catch::Approx;

namespace {

ExplainRequest about(const std::string& pod, std::optional<std::uint32_t> weight = {}) {
  ExplainRequest request;
  request.target.pod = pod;
  request.target.container = "main";
  request.weight = weight;
  return request;
}

PrioritizeRequest boost_container(const std::string& pod, std::uint32_t weight, bool dry_run) {
  auto request = boost(pod, "shop", weight);
  request.target.container = "main";
  request.dry_run = dry_run;
  return request;
}

bool has(const std::vector<std::string>& texts, const std::string& part) {
  for (const auto& text : texts) {
    if (text.find(part) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a boost says who loses, by name, and who falls below the request by it", "[service]") {
  SeenNode node;
  for (const bool dry_run : {true, false}) {
    CAPTURE(dry_run);
    const auto reply = node.service.prioritize(boost_container("redis", 102400, dry_run));
    REQUIRE(reply);
    const auto& outlook = reply->outlook;
    CHECK(outlook.missing.empty());
    REQUIRE(outlook.effects.size() == 2);
    for (const auto& effect : outlook.effects) {
      CHECK(effect.cpus_after < effect.cpus_before);
      if (effect.pod.empty()) {
        CHECK(effect.cgroup.path == "/system.slice/x.service");
        CHECK_FALSE(effect.request);
      } else {
        CHECK(effect.ns + "/" + effect.pod + "/" + effect.container == "shop/batch/main");
        CHECK(effect.cgroup.path == "/kubepods/podbb/cbb");
        CHECK(effect.request == 64.0);
      }
    }
    REQUIRE(outlook.below_request.size() == 1);
    CHECK(outlook.below_request[0].pod == "batch");
    CHECK(node.scheduler.policies().size() == (dry_run ? 0 : 1));
  }
}

TEST_CASE("a boost that changes nothing for others names nobody", "[service]") {
  SeenNode node;
  const auto reply = node.service.prioritize(boost_container("redis", 1024, true));
  REQUIRE(reply);
  CHECK(reply->outlook.missing.empty());
  CHECK(reply->outlook.effects.empty());
  CHECK(reply->outlook.below_request.empty());
}

TEST_CASE("who does not know the pod list yet is told of cgroups, and the kubelet is not asked for it", "[service]") {
  SeenNode node;
  node.pods.fail_with(Errc::unavailable);
  const auto reply = node.service.prioritize(boost_cgroup("/kubepods/podaa/caa", 102400));
  REQUIRE(reply);
  CHECK(node.pods.cached_asked + node.pods.fresh_asked == 0);
  REQUIRE(reply->outlook.effects.size() == 2);
  for (const auto& effect : reply->outlook.effects) {
    CHECK(effect.pod.empty());
    CHECK_FALSE(effect.cgroup.path.empty());
  }
  CHECK(reply->outlook.below_request.empty());
}

TEST_CASE("a best-effort pod is warned of what four times next to nothing is", "[service]") {
  SeenNode node;
  const auto reply = node.service.prioritize(boost_container("redis", 4096, true));
  REQUIRE(reply);
  CHECK(has(reply->outlook.warnings, "even with this boost shop/redis/main is entitled to"));
}

TEST_CASE("limits and cpu.idle on the way are warned of", "[service]") {
  SeenNode node;
  node.tree.files["/kubepods"].idle = true;
  const auto reply = node.service.prioritize(boost_container("batch", 4096, true));
  REQUIRE(reply);
  CHECK(has(reply->outlook.warnings, "cpu.idle of /kubepods"));
}

TEST_CASE("a boost is not held up when nobody looks at the tree: it is made without a forecast, which says so",
          "[service]") {
  SeenNode node(false);
  const auto start = Clock::now();
  const auto reply = node.service.prioritize(boost_container("redis", 4096, false));
  CHECK(Clock::now() - start < 5s);
  REQUIRE(reply);
  CHECK(reply->outlook.missing == "the tree has not been read yet");
  CHECK(reply->outlook.effects.empty());
  CHECK(node.scheduler.policies().size() == 1);
}

TEST_CASE("the scheduler in memory has no tree, which is said; cpu.idle is warned of all the same", "[service]") {
  Node node;
  node.tree.files["/kubepods/podcc"].idle = true;
  const auto reply = node.service.prioritize(boost("nginx"));
  REQUIRE(reply);
  CHECK(reply->outlook.missing.find("in memory") != std::string::npos);
  CHECK(has(reply->outlook.warnings, "cpu.idle of /kubepods/podcc"));

  ExplainRequest request;
  request.target.pod = "nginx";
  const auto explained = node.service.explain(request);
  REQUIRE(explained);
  CHECK(explained->missing.find("in memory") != std::string::npos);
  REQUIRE(explained->levels.size() == 2);
  CHECK(explained->levels[1].level.idle);
  CHECK_FALSE(explained->levels[1].known);
  CHECK_FALSE(explained->now);
}

TEST_CASE("explain goes from identity to what binds", "[service]") {
  SeenNode node;
  node.tree.files["/kubepods/podaa"].weight = 1;
  const auto explained = node.service.explain(about("redis"));
  REQUIRE(explained);
  CHECK(explained->missing.empty());
  CHECK(explained->ns == "shop");
  CHECK(explained->pod == "redis");
  CHECK(explained->container == "main");
  CHECK(explained->cgroup.path == "/kubepods/podaa/caa");
  REQUIRE(explained->levels.size() == 3);
  CHECK(explained->levels[0].share == Approx(0.5));
  CHECK(explained->levels[1].level.weight == 1);
  CHECK(explained->levels[1].active_siblings == 1);
  CHECK(explained->levels[1].share == Approx(1 / 11.0).margin(0.002));
  CHECK(explained->share == Approx(0.5 / 11).margin(0.001));
  CHECK(explained->threads == Approx(500));
  REQUIRE(explained->now);
  CHECK(explained->now->weight == 1024);
  CHECK(explained->now->cpus == Approx(explained->node_cpus * explained->share).epsilon(0.02));
  CHECK(explained->now->binds.kind == Binding::Kind::share);
  CHECK_FALSE(explained->then);
  CHECK_FALSE(explained->outlook);
  CHECK(node.service.explain(about("batch"))->request == 64.0);
}

TEST_CASE("with a weight explain shows before and after, and changes nothing", "[service]") {
  SeenNode node;
  const auto explained = node.service.explain(about("redis", 8192));
  REQUIRE(explained);
  REQUIRE(explained->now);
  REQUIRE(explained->then);
  CHECK(explained->then->weight == 8192);
  CHECK(explained->then->cpus > 4 * explained->now->cpus);
  REQUIRE(explained->outlook);
  CHECK(explained->outlook->effects.size() == 2);
  CHECK(node.scheduler.policies().empty());
  CHECK(node.service.boosts().empty());
  // A boost that stands is what comes before.
  REQUIRE(node.service.prioritize(boost_container("redis", 4096, false)));
  CHECK(node.service.explain(about("redis", 8192))->now->weight == 4096);
}

TEST_CASE("explain refuses what is not exactly one cgroup, with the candidates", "[service]") {
  SeenNode node;
  auto list = *node.pods.cached;
  list.pods[1].name = "redis";
  list.pods[1].ns = "test";
  node.pods.serve(list);
  const auto several = node.service.explain(about("redis"));
  REQUIRE_FALSE(several);
  CHECK(several.error().error.code == Errc::ambiguous);
  CHECK(several.error().candidates == std::vector<std::string>{"shop/redis/main", "test/redis/main"});
  CHECK(several.error().error.advice.find("all=true") == std::string::npos);
  auto all = about("redis");
  all.target.all = true;
  CHECK(node.service.explain(all).error().error.code == Errc::ambiguous);
  CHECK(node.service.explain(about("nobody")).error().error.code == Errc::not_found);
  CHECK(node.service.explain(about("batch", 15)).error().error.code == Errc::invalid_argument);
}

TEST_CASE("explain says that the scheduler does not answer, or is not attached, and when to ask again", "[service]") {
  SECTION("nobody looks") {
    SeenNode node(false);
    const auto refused = node.service.explain(about("redis"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().error.code == Errc::unavailable);
    CHECK(refused.error().retry_after == 1s);
  }
  SECTION("the walk fails") {
    SeenNode node(false);
    node.scheduler.tree->fail_with({Errc::unavailable, "the walk says no", {}});
    node.look();
    const auto refused = node.service.explain(about("redis"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().error.message == "the walk says no");
  }
  SECTION("not attached") {
    SeenNode node;
    REQUIRE(node.service.explain(about("redis")));
    REQUIRE(node.service.detach());
    const auto refused = node.service.explain(about("redis"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().error.code == Errc::unavailable);
  }
}

TEST_CASE("a cgroup without tasks has levels, and no shares", "[service]") {
  SeenNode node;
  node.tree.add("/empty");
  ExplainRequest request;
  request.target.kind = Target::Kind::cgroup;
  request.target.cgroup = "/empty";
  const auto explained = node.service.explain(request);
  REQUIRE(explained);
  CHECK(explained->missing == "no task is in it or below");
  CHECK(explained->levels.size() == 1);
}
