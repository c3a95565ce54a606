// SPDX-License-Identifier: Apache-2.0
// `prioritize` that asks which one is meant.
#include "cli/pick.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sstream>

using namespace mus;

namespace {

class OneAnswer final : public HttpClient {
 public:
  explicit OneAnswer(Result<HttpReply> answer) : answer_(std::move(answer)) {}
  Result<HttpReply> send(std::string_view, const std::string&, const std::map<std::string, std::string>&,
                         const std::string&) override {
    return answer_;
  }

 private:
  Result<HttpReply> answer_;
};

constexpr const char* kPods = R"({"pods": [
  {"namespace": "shop", "pod": "web-1", "container": "nginx", "cpu_seconds": 1.5, "weight": 1024},
  {"namespace": "shop", "pod": "redis-0", "container": "server", "cpu_seconds": 90, "weight": 1024},
  {"namespace": "shop", "pod": "redis-0", "container": "exporter", "cpu_seconds": 2, "weight": 1024}]})";

struct Picked {
  std::optional<ClientTarget> target;
  std::string said;
};

Picked pick(const std::string& typed, Result<HttpReply> answer = HttpReply{200, "", kPods}) {
  OneAnswer daemon(std::move(answer));
  std::istringstream in(typed);
  std::ostringstream out;
  auto target = pick_target({}, daemon, in, out);
  return {std::move(target), out.str()};
}

bool says(const Picked& picked, const char* part) {
  return picked.said.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the busiest is number one", "[pick]") {
  const auto outcome = pick("1\n");
  REQUIRE(outcome.target);
  CHECK(outcome.target->pod == "redis-0");
  CHECK(outcome.target->ns == "shop");
  CHECK(outcome.target->container == "server");
}

TEST_CASE("a part of a name that only one has chooses it", "[pick]") {
  const auto outcome = pick("web\n");
  REQUIRE(outcome.target);
  CHECK(outcome.target->pod == "web-1");
}

TEST_CASE("a part that several have lists those, and numbers count among them", "[pick]") {
  const auto outcome = pick("redis\n2\n");
  REQUIRE(outcome.target);
  CHECK(outcome.target->container == "exporter");
}

TEST_CASE("what is in no name is asked again", "[pick]") {
  const auto outcome = pick("mysql\n4\n3\n");
  CHECK(says(outcome, "No container has 'mysql' in its name"));
  CHECK(says(outcome, "No container has '4' in its name"));
  REQUIRE(outcome.target);
  CHECK(outcome.target->pod == "web-1");
}

TEST_CASE("nothing, or the end of the input, boosts nothing", "[pick]") {
  for (const char* typed : {"\n", "", "mysql\n"}) {
    const auto outcome = pick(typed);
    CHECK_FALSE(outcome.target);
    CHECK(says(outcome, "Nothing was boosted."));
  }
}

TEST_CASE("a daemon that is away, refuses or knows no container leaves nothing to choose, and it is said", "[pick]") {
  CHECK(says(pick("1\n", fail(Errc::unavailable, "no such file")), "does not answer"));
  CHECK(says(pick("1\n", HttpReply{503, "", R"({"detail": "the kubelet is away"})"}), "the kubelet is away"));
  CHECK(says(pick("1\n", HttpReply{200, "", R"({"pods": []})"}), "no container is known"));
}
