// SPDX-License-Identifier: Apache-2.0
// The API's description against the API. That answers are as it says is what tests/openapi_test.py looks at.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <set>
#include <sstream>

#include "api/router.hpp"
#include "mus/version.hpp"
#include "support/fake_service.hpp"
#include "unit/api/request.hpp"

using namespace mus;
using mus::test::header_of;
using mus::test::over_tcp;
using mus::test::parsed;
using mus::test::request;

namespace {

using Json = nlohmann::json;
using Words = std::set<std::string>;

/// The words of "...: a, b c." after the colon or the prefix.
Words words_after(const std::string& text, const std::string& prefix) {
  const auto at = text.find(prefix);
  REQUIRE(at != std::string::npos);
  auto rest = text.substr(at + prefix.size());
  if (rest.ends_with('.')) rest.pop_back();
  std::ranges::replace(rest, ',', ' ');
  std::istringstream in(rest);
  return {std::istream_iterator<std::string>(in), {}};
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  return text;
}

struct Described {
  test::FakeService service;
  std::unique_ptr<HttpHandler> api = make_api(service, {"secret", "/run/mus-scheduler/token"});
  Json document = parsed(api->handle(request("GET", "/openapi.json")));

  HttpResponse ask(const std::string& method, const std::string& target) {
    return api->handle(request(method, target));
  }
  /// What a "$ref" stands for; everything else itself.
  const Json& resolved(const Json& value) const {
    return value.contains("$ref") ? document.at(Json::json_pointer(value["$ref"].get<std::string>().substr(1))) : value;
  }
  Words query_of(const Json& operation) const {
    Words names;
    for (const auto& one : operation.value("parameters", Json::array())) {
      const auto& parameter = resolved(one);
      if (parameter["in"] == "query") names.insert(parameter["name"]);
    }
    return names;
  }
};

void collect_references(const Json& value, Words& to) {
  if (value.is_object() && value.contains("$ref")) to.insert(value["$ref"].get<std::string>());
  if (!value.is_structured()) return;
  for (const auto& inner : value) collect_references(inner, to);
}

}  // namespace

TEST_CASE_METHOD(Described, "the description is of this version, and open to everybody on the node") {
  CHECK(document["openapi"] == "3.1.0");
  CHECK(document["info"]["version"] == kVersion);
  const auto response = api->handle(over_tcp(request("GET", "/openapi.json")));
  CHECK(response.status == 200);
  CHECK(response.content_type == "application/json");
}

TEST_CASE_METHOD(Described, "it has the paths and methods that the API has, and no others") {
  Words paths;
  for (const auto& [path, methods] : document["paths"].items()) {
    paths.insert(path);
    Words described;
    for (const auto& [method, operation] : methods.items()) described.insert(upper(method));
    auto allowed = words_after("Allow: " + header_of(ask("PATCH", path), "Allow"), "Allow:");
    allowed.erase("HEAD");  // goes with GET, and is not told
    CHECK(described == allowed);
  }
  CHECK(paths == words_after(parsed(ask("GET", "/nowhere"))["advice"], "These exist:"));
}

TEST_CASE_METHOD(Described, "each call takes the parameters that are described, in the query and in the body") {
  for (const auto& [path, methods] : document["paths"].items()) {
    if (path == "/livez" || path == "/readyz") continue;  // these let everything pass
    for (const auto& [method, operation] : methods.items()) {
      const auto refused = ask(upper(method), path + "?nonsense=1");
      REQUIRE(refused.status == 400);
      const std::string advice = parsed(refused)["advice"];
      const auto known = advice == "This call takes none." ? Words{} : words_after(advice, "This call knows");
      CHECK(query_of(operation) == known);
      if (!operation.contains("requestBody")) continue;
      Words properties;
      const auto& body = resolved(operation["requestBody"]);
      const auto& described = body["content"]["application/json"]["schema"];
      if (!described.contains("properties")) continue;  // a document of its own
      for (const auto& [name, schema] : described["properties"].items()) properties.insert(name);
      CHECK(properties == known);
    }
  }
}

TEST_CASE_METHOD(Described, "who may call without a token is told as it is") {
  for (const auto& [path, methods] : document["paths"].items()) {
    for (const auto& [method, operation] : methods.items()) {
      const bool open = operation.contains("security") && operation["security"].empty();
      INFO(method << " " << path);
      CHECK((api->handle(over_tcp(request(upper(method), path))).status != 401) == open);
    }
  }
}

TEST_CASE_METHOD(Described, "every reference leads somewhere, and every component is used") {
  Words references;
  collect_references(document, references);
  for (const auto& reference : references) {
    INFO(reference);
    CHECK(document.contains(Json::json_pointer(reference.substr(1))));
  }
  for (const auto& [kind, components] : document["components"].items()) {
    if (kind == "securitySchemes") continue;
    for (const auto& [name, component] : components.items()) {
      INFO(kind << " " << name);
      const bool streamed = name == "Event" || name == "Gap";  // a stream has no schema for what is in it
      CHECK(references.contains("#/components/" + kind + "/" + name) != streamed);
    }
  }
}
