// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "cli/client.hpp"
#include "cli/command.hpp"
#include "cli/rules_text.hpp"

namespace mus {
namespace {

tl::expected<Command, EarlyExit> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "mus-scheduler");
  return parse_command_line(static_cast<int>(words.size()), words.data());
}

std::string printed(const char* answer) {
  std::ostringstream out;
  print_rules(nlohmann::json::parse(answer), out);
  return out.str();
}

TEST_CASE("rules: what is asked for becomes one request") {
  const auto shown = parse({"rules"});
  REQUIRE(shown);
  CHECK(std::string(request_method(*shown)) + request_path(*shown) == "GET/rules");
  const auto paused = parse({"rules", "--pause"});
  CHECK(std::string(request_method(*paused)) + request_path(*paused) == "POST/rules/pause");
  const auto resumed = parse({"rules", "--resume"});
  CHECK(std::string(request_method(*resumed)) + request_path(*resumed) == "POST/rules/resume");
  const auto checked = parse({"rules", "--set", "x.json", "--dry-run"});
  CHECK(std::string(request_method(*checked)) + request_path(*checked) == "PUT/rules?dry_run=true");
}

TEST_CASE("rules: options that contradict each other are usage errors") {
  CHECK(parse({"rules", "--pause", "--resume"}).error().code == 2);
  CHECK(parse({"rules", "--pause", "--set", "x"}).error().code == 2);
  CHECK(parse({"rules", "--dry-run"}).error().code == 2);
}

TEST_CASE("rules: a file that is not there is told before anybody is asked") {
  CHECK(read_rules_file("/nowhere/rules.json").error().message.find("/nowhere/rules.json cannot be opened") == 0);
}

TEST_CASE("rules: who acts, since when and why; paused and trouble come first") {
  const auto text = printed(R"({"file": "/etc/r.json", "paused": true, "trouble": "line 3: x", "count": 1, "states": [
    {"name": "asked", "kind": "condition", "dry_run": true, "matches": 2, "acting": 1, "unmet": 0, "fired": 4, "note": null,
     "subjects": [{"namespace": "shop", "pod": "redis-1", "container": "server", "state": "acting", "weight": 8192,
                   "why": "received_packets is 500/s", "seconds": 90}]}]})");
  CHECK(text.find("PAUSED") == 0);
  CHECK(text.find("/etc/r.json is not in force as it is now: line 3: x\n") != std::string::npos);
  CHECK(text.find("condition, dry run") != std::string::npos);
  CHECK(text.find("acting  8192    1m30s  shop/redis-1, container server  received_packets is 500/s") !=
        std::string::npos);
}

TEST_CASE("rules: where there are none, it says where they would come from") {
  CHECK(printed(R"({"file": "/etc/r.json", "count": 0, "states": []})") == "no rules; they come from /etc/r.json\n");
  CHECK(printed(R"({"file": null})") == "this daemon runs without rules (--rules off)\n");
}

}  // namespace
}  // namespace mus
