// SPDX-License-Identifier: Apache-2.0
// `top` by its keys: what it asks the daemon for, and what then stands on the terminal.
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <nlohmann/json.hpp>

#include "cli/client.hpp"
#include "cli/top/model.hpp"

using namespace mus;
using namespace mus::top;
using namespace std::chrono_literals;
using Json = nlohmann::json;

namespace {

const TimePoint kNow{1000s};

HttpReply ok(const Json& body) {
  return {200, "application/json", body.dump()};
}

Json pod(const std::string& name, double cpu_seconds, int weight = 1024) {
  return {{"namespace", "shop"},
          {"pod", name},
          {"uid", "u-" + name},
          {"container", "main"},
          {"container_id", name},
          {"cgroup_path", "/kubepods.slice/" + name + ".slice/main.scope"},
          {"weight", weight},
          {"share_cpus", 0.25},
          {"cpu_seconds", cpu_seconds},
          {"run_delay", {{"waits", 4}, {"p50_us", 60}, {"p99_us", 2400}}},
          {"limit", nullptr}};
}

Json boost(const std::string& id, const Json& target, const std::string& path) {
  return {{"id", id},           {"target", target},
          {"weight", 4096},     {"expires_in_seconds", 300},
          {"pending", nullptr}, {"applied", {{{"cgroup_path", path}}}}};
}

Json status(const Json& boosts = Json::array()) {
  return {{"scheduler", {{"state", "attached"}, {"dry_run", false}}},
          {"kernel", "7.3.0"},
          {"version", "0.1.0"},
          {"uptime_seconds", 3600},
          {"boosts", boosts}};
}

void poll(Model& model, const Json& the_status, const std::vector<Json>& pods, TimePoint now = kNow) {
  model.polled({ok(the_status), ok({{"pods", pods}})}, now);
}

Model of(const std::vector<Json>& pods, const Json& the_status = status()) {
  Model model;
  model.resize({80, 24});
  poll(model, the_status, pods);
  return model;
}

std::optional<Request> type(Model& model, const std::string& text) {
  std::optional<Request> last;
  for (const char c : text) last = model.press({Key::Kind::character, c});
  return last;
}

std::optional<Request> press(Model& model, Key::Kind kind) {
  return model.press({kind});
}

std::string text_of_line(const Line& line) {
  std::string text;
  for (const auto& span : line) text += span.text;
  return text;
}

std::string screen(const Model& model, TimePoint now = kNow) {
  std::string text;
  for (const auto& line : model.draw(now)) text += text_of_line(line) + "\n";
  return text;
}

bool occurs(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

const Json kThen{{"node_cpus", 2},
                 {"now", {{"cpus", 0.4}, {"entitled_cpus", 0.5}}},
                 {"then", {{"cpus", 1.5}, {"entitled_cpus", 1.6}}},
                 {"effects",
                  {{{"namespace", "shop"},
                    {"pod", "batch"},
                    {"container", "main"},
                    {"cpus_before", 1.6},
                    {"cpus_after", 0.5},
                    {"request", 1}}}}};

}  // namespace

TEST_CASE("the page is as large as the terminal, at any size", "[top]") {
  std::vector<Json> pods;
  for (int i = 0; i < 300; ++i) pods.push_back(pod("p" + std::to_string(i), i));
  auto model = of(pods);
  for (const Size size : {Size{80, 24}, Size{200, 50}, Size{40, 10}, Size{1, 1}, Size{20, 3}, Size{80, 5}}) {
    for (const char* keys : {"", "b", "?"}) {
      model.resize(size);
      type(model, keys);
      CHECK(static_cast<int>(model.draw(kNow).size()) <= size.rows);
      press(model, Key::Kind::escape);
    }
  }
  model.resize({80, 24});
  CHECK(model.draw(kNow).size() == 24);
}

TEST_CASE("in 80 columns every figure has its place beside the name", "[top]") {
  const auto model = of({pod("a-name-that-is-much-too-long-for-a-column-of-thirty", 1, 4096)});
  const auto page = model.draw(kNow);
  for (const auto& line : page) CHECK(text_of_line(line).size() <= 80);
  const auto row = text_of_line(page[3]);
  CHECK(occurs(row, ".."));
  CHECK(occurs(row, "4096*"));
  CHECK(occurs(row, "60us"));
  CHECK(occurs(row, "2.4ms"));
}

TEST_CASE("wide terminals also show how long a boost lasts", "[top]") {
  auto model = of({pod("redis", 1, 4096)},
                  status(Json::array({boost("b1", {{"pod", "redis"}}, "/kubepods.slice/redis.slice")})));
  CHECK_FALSE(occurs(screen(model), "LEFT"));
  model.resize({200, 50});
  CHECK(occurs(screen(model), "LEFT"));
  CHECK(occurs(screen(model), "5m"));
}

TEST_CASE("b asks what a boost would cost and shows it, and only then Enter boosts", "[top]") {
  auto model = of({pod("redis", 1)});
  auto preview = type(model, "b");
  REQUIRE(preview);
  CHECK(std::string(request_method(preview->command)) == "GET");
  CHECK(request_path(preview->command) == "/explain?pod=redis&namespace=shop&container=main&weight=4096");
  CHECK(occurs(screen(model), "asking what it would cost"));
  CHECK_FALSE(press(model, Key::Kind::enter));
  model.answered(*preview, ok(kThen));
  const auto shown = screen(model);
  CHECK(occurs(shown, "gets 0.40 CPUs now, would get 1.50"));
  CHECK(occurs(shown, "shop/batch/main"));
  const auto boost = press(model, Key::Kind::enter);
  REQUIRE(boost);
  CHECK(std::string(request_method(boost->command)) == "POST");
  CHECK(request_path(boost->command) == "/prioritize?pod=redis&namespace=shop&container=main&weight=4096&ttl=10m");
  model.answered(*boost, ok({{"boost",
                              {{"id", "b1"},
                               {"weight", 4096},
                               {"target", {{"pod", "redis"}}},
                               {"expires_in_seconds", 600},
                               {"applied", Json::array()}}}}));
  CHECK(occurs(screen(model), "boosted pod=redis to weight 4096 for 10m (b1)"));
  CHECK_FALSE(occurs(screen(model), "Enter: boost"));
}

TEST_CASE("typing replaces the weight, asks anew, and an answer to the old question is not taken for it", "[top]") {
  auto model = of({pod("redis", 1)});
  const auto first = type(model, "b");
  const auto second = type(model, "2048");
  REQUIRE(second);
  CHECK(occurs(request_path(second->command), "weight=2048"));
  model.answered(*first, ok(kThen));
  CHECK_FALSE(press(model, Key::Kind::enter));
  model.answered(*second, ok(kThen));
  press(model, Key::Kind::tab);
  type(model, "90s");
  const auto boost = press(model, Key::Kind::enter);
  REQUIRE(boost);
  CHECK(occurs(request_path(boost->command), "weight=2048&ttl=90s"));
}

TEST_CASE("letters are no weight, and Backspace takes a digit away", "[top]") {
  auto model = of({pod("redis", 1)});
  type(model, "b");
  CHECK_FALSE(type(model, "x"));
  const auto changed = press(model, Key::Kind::backspace);
  REQUIRE(changed);
  CHECK(occurs(request_path(changed->command), "weight=409"));
}

TEST_CASE("the whole pod can be meant instead of the container", "[top]") {
  auto model = of({pod("redis", 1)});
  type(model, "b");
  press(model, Key::Kind::up);
  const auto preview = type(model, " ");
  REQUIRE(preview);
  CHECK(request_path(preview->command) == "/explain?pod=redis&namespace=shop&weight=4096");
}

TEST_CASE("a refused boost keeps what was typed and says what to do", "[top]") {
  auto model = of({pod("redis", 1)});
  const auto preview = type(model, "b");
  model.answered(*preview, ok(kThen));
  const auto boost = press(model, Key::Kind::enter);
  REQUIRE(boost);
  model.answered(*boost, HttpReply{400, "application/problem+json",
                                   R"({"detail": "ttl=10 parsecs is no time.", "advice": "Write 10m."})"});
  const auto shown = screen(model);
  CHECK(occurs(shown, "refused: ttl=10 parsecs is no time. Write 10m."));
  CHECK(occurs(shown, "Enter: boost"));
}

TEST_CASE("r names what it takes back, and what goes with it, before it does", "[top]") {
  auto model = of({pod("redis", 1, 4096)},
                  status({boost("b1", {{"pod", "redis"}}, "/kubepods.slice/redis.slice"),
                          boost("b2", {{"pod", "redis"}, {"container", "side"}}, "/kubepods.slice/redis.slice/side")}));
  CHECK_FALSE(type(model, "r"));
  const auto shown = screen(model);
  CHECK(occurs(shown, "> b1  pod=redis"));
  CHECK(occurs(shown, "with it goes b2"));
  const auto reset = press(model, Key::Kind::enter);
  REQUIRE(reset);
  CHECK(std::string(request_method(reset->command)) == "DELETE");
  CHECK(request_path(reset->command) == "/prioritize?pod=redis");
  model.answered(*reset, ok({{"removed", {{{"id", "b1"}, {"target", {{"pod", "redis"}}}}}}}));
  CHECK(occurs(screen(model), "took back b1: pod=redis"));
}

TEST_CASE("what a pod declares is not offered to be taken back", "[top]") {
  const auto asked = boost("b2", {{"pod", "redis"}}, "/kubepods.slice/redis.slice");
  auto declared = boost("b1", {{"pod", "redis"}}, "/kubepods.slice/redis.slice");
  declared["declared"] = true;
  auto model = of({pod("redis", 1, 4096)}, status(Json::array({declared})));
  type(model, "r");
  CHECK(occurs(screen(model), "only its pod's annotation takes back the boost of shop/redis/main"));

  model = of({pod("redis", 1, 4096)}, status({asked, declared}));
  type(model, "r");
  CHECK(occurs(screen(model), "b2"));
  CHECK_FALSE(occurs(screen(model), "b1"));
}

TEST_CASE("r on a container without a boost says so and asks nothing", "[top]") {
  auto model = of({pod("redis", 1)});
  CHECK_FALSE(type(model, "r"));
  CHECK(occurs(screen(model), "no boost stands for shop/redis/main"));
}

TEST_CASE("e shows the explanation, and Escape leads back", "[top]") {
  auto model = of({pod("redis", 1)});
  const auto request = type(model, "e");
  REQUIRE(request);
  CHECK(request_path(request->command) == "/explain?pod=redis&namespace=shop&container=main");
  model.answered(*request, ok({{"target", {{"namespace", "shop"}, {"pod", "redis"}, {"container", "main"}}},
                               {"levels", {{{"cgroup_path", "/kubepods.slice"}, {"cpu_weight", 100}}}}}));
  CHECK(occurs(screen(model), "kubepods.slice"));
  press(model, Key::Kind::escape);
  CHECK(occurs(screen(model), "CONTAINER"));
}

TEST_CASE("a filter is typed, kept by Enter and given up by Escape", "[top]") {
  auto model = of({pod("redis", 1), pod("web", 2)});
  type(model, "/red");
  CHECK(occurs(screen(model), "/red_"));
  CHECK_FALSE(occurs(screen(model), "shop/web"));
  press(model, Key::Kind::enter);
  CHECK(occurs(screen(model), "1 of 2 containers"));
  press(model, Key::Kind::escape);
  CHECK(occurs(screen(model), "shop/web"));
}

TEST_CASE("a letter that is typed into the filter is no command", "[top]") {
  auto model = of({pod("quebec", 1)});
  type(model, "/q");
  CHECK_FALSE(model.done());
  press(model, Key::Kind::enter);
  type(model, "q");
  CHECK(model.done());
}

TEST_CASE("a daemon that goes is said, with the last figures left and their age; one that is back is shown", "[top]") {
  auto model = of({pod("redis", 1)});
  model.polled({fail(Errc::unavailable, "connection refused"), fail(Errc::unavailable, "connection refused")},
               kNow + 10s);
  const auto gone = screen(model, kNow + 10s);
  CHECK(occurs(gone, "the daemon does not answer, for 10s: connection refused"));
  CHECK(occurs(gone, "shop/redis/main"));
  poll(model, status(), {pod("web", 1)}, kNow + 11s);
  const auto back = screen(model, kNow + 11s);
  CHECK_FALSE(occurs(back, "does not answer"));
  CHECK(occurs(back, "shop/web/main"));
}

TEST_CASE("without a pod list the last containers stay, and why is said", "[top]") {
  auto model = of({pod("redis", 1)});
  model.polled({ok(status()), HttpReply{503, "", R"({"detail": "the kubelet is away"})"}}, kNow + 1s);
  const auto shown = screen(model, kNow + 1s);
  CHECK(occurs(shown, "the kubelet is away"));
  CHECK(occurs(shown, "shop/redis/main"));
}

TEST_CASE("what names bring along does not reach the terminal", "[top]") {
  auto nasty = pod("evil", 1);
  nasty["pod"] = "a\x1b[2J\xc3\xa4\nb";
  const auto model = of({nasty});
  for (const auto& line : model.draw(kNow)) {
    for (const char c : text_of_line(line)) CHECK((c >= ' ' && c <= '~'));
  }
}

TEST_CASE("long texts are broken at spaces, indented lines go on as far in", "[top]") {
  CHECK(wrapped("one two three", 8) == std::vector<std::string>{"one two", "three"});
  CHECK(wrapped("  one two three", 9) == std::vector<std::string>{"  one two", "  three"});
  CHECK(wrapped("abcdefghijkl", 8) == std::vector<std::string>{"abcdefgh", "ijkl"});
  CHECK(wrapped("a\n\nb", 8) == std::vector<std::string>{"a", "", "b"});
  CHECK(wrapped("", 8).empty());
}
