// SPDX-License-Identifier: Apache-2.0
// Bad input and good, over real sockets: each refusal is a problem document and leaves the boosts as they were.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <nlohmann/json.hpp>

#include "support/api_server.hpp"

using namespace mus;
using namespace mus::test;

namespace {

std::string body_of(const std::string& answer) {
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

void check_problem(const std::string& answer, int status) {
  CHECK(status_of(answer) == status);
  CHECK(answer.find("Content-Type: application/problem+json") != std::string::npos);
  CHECK(answer.find("Cache-Control: no-store") != std::string::npos);
  CHECK(answer.find("Connection: close") != std::string::npos);
  const auto body = nlohmann::json::parse(body_of(answer), nullptr, false);
  REQUIRE(body.is_object());
  CHECK(body["status"] == status);
  CHECK_FALSE(body["detail"].get<std::string>().empty());
}

}  // namespace

TEST_CASE("one curl boosts, another takes it back, over the unix socket and over TCP with the token") {
  ApiServer server;
  CHECK(status_of(server.unix_socket(http("POST", "/prioritize?pod=redis&ttl=15m"))) == 200);
  CHECK(server.service.boosts().size() == 1);
  CHECK(status_of(server.unix_socket(http("DELETE", "/prioritize?pod=redis"))) == 200);
  CHECK(server.service.boosts().empty());

  const auto json = http("POST", "/prioritize", std::string(kToken) + kJson, R"({"pod":"redis","weight":2048})");
  CHECK(status_of(server.tcp(json)) == 200);
  CHECK(server.service.boosts().at(0).weight == 2048);
  CHECK(status_of(server.tcp(http("DELETE", "/prioritize", std::string(kToken) + kJson, R"({"pod":"redis"})"))) == 200);
  CHECK(server.service.boosts().empty());
}

TEST_CASE("each bad request is answered with a problem that says what to do, and nothing is boosted") {
  struct Row {
    std::string request;
    int status;
  };
  ApiServer server;
  const auto row = GENERATE(values<Row>({
      {http("POST", "/prioritize?pod=nowhere", kToken), 404},
      {http("POST", "/prioritize?pod=twice", kToken), 409},
      {http("POST", "/prioritize?pod=redis&container=nowhere", kToken), 404},
      {http("POST", "/prioritize?pod=redis&weight=0", kToken), 400},
      {http("POST", "/prioritize?pod=redis&ttl=never", kToken), 400},
      {http("POST", "/prioritize?pod=redis&namespace=No_Such", kToken), 400},
      {http("POST", "/prioritize?pod=redis&pod=redis", kToken), 400},
      {http("POST", "/prioritize?pod=redis&colour=red", kToken), 400},
      {http("POST", "/prioritize?pod=%zz", kToken), 400},
      {http("POST", "/prioritize", kToken), 400},
      {http("POST", "/prioritize?pod=redis", std::string(kToken) + kJson, "{\"weight\":1}"), 400},
      {http("POST", "/prioritize", std::string(kToken) + kJson, "{\"pod\":"), 400},
      {http("POST", "/prioritize", std::string(kToken) + kJson, std::string(1000, '\xff')), 400},
      {http("POST", "/prioritize", std::string(kToken) + "Content-Type: text/plain\r\n", "pod=redis"), 415},
      {http("POST", "/prioritize", std::string(kToken) + "Content-Type: multipart/form-data; boundary=x\r\n", "--x"),
       415},
      {http("POST", "/prioritize?pod=redis"), 401},
      {http("POST", "/prioritize?pod=redis", "Authorization: Bearer wrong\r\n"), 401},
      {http("POST", "/prioritize?pod=redis", std::string(kToken) + "Origin: http://evil.example\r\n"), 403},
      {http("POST", "/prioritize?pod=redis", std::string(kToken) + "Origin: a%0d%0aX-Evil: 1\r\n"), 400},
      {"POST /prioritize?pod=redis HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer secret\r\n\r\n", 421},
      {"POST /prioritize?pod=redis HTTP/1.1\r\nAuthorization: Bearer secret\r\n\r\n", 400},
      {"POST /prioritize?pod=redis HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nAuthorization: Bearer "
       "secret\r\n\r\n",
       400},
      {http("PUT", "/prioritize?pod=redis", kToken), 405},
      {http("GET", "/prioritize?pod=redis", kToken), 405},
      {http("TRACE", "/prioritize?pod=redis", kToken), 405},
      {http("OPTIONS", "/prioritize?pod=redis", kToken), 405},
      {http("BREW", "/prioritize?pod=redis", kToken), 400},
      {http("POST", "/prioritise?pod=redis", kToken), 404},
      {http("POST", "/prioritize?pod=" + std::string(9000, 'a'), kToken), 414},
      {http("POST", "/prioritize?pod=redis", std::string(kToken) + "X: " + std::string(9000, 'a') + "\r\n"), 431},
      {http("POST", "/prioritize", std::string(kToken) + kJson, std::string(65537, ' ')), 413},
      {"POST /prioritize?pod=redis HTTP/9.9\r\nHost: localhost\r\n\r\n", 400},
      {"POST /prioritize?pod=redis\r\n\r\n", 400},
      {"\x16\x03\x01\x02\x01\x01\xfc\x03\x03", 400},
      {std::string("\0\0\0\0\r\n\r\n", 8), 400},
      {"\r\n\r\n", 400},
  }));
  INFO(row.request.substr(0, 120));
  check_problem(server.tcp(row.request), row.status);
  CHECK(server.service.boosts().empty());
}

TEST_CASE("explain is answered on both doors, over TCP with the token only, and refuses as the other calls do") {
  ApiServer server;
  const auto answer = server.unix_socket(http("GET", "/explain?pod=redis&weight=8192"));
  CHECK(status_of(answer) == 200);
  CHECK(nlohmann::json::parse(body_of(answer))["now"].is_null());
  CHECK(server.service.explained().at(0).weight == 8192);
  CHECK(status_of(server.tcp(http("GET", "/explain?pod=redis", kToken))) == 200);
  check_problem(server.tcp(http("GET", "/explain?pod=redis")), 401);
  check_problem(server.tcp(http("GET", "/explain", kToken)), 400);
  check_problem(server.tcp(http("GET", "/explain?pod=redis&ttl=1h", kToken)), 400);
  check_problem(server.tcp(http("GET", "/explain?pod=nowhere", kToken)), 404);
  CHECK(server.service.boosts().empty());
}

TEST_CASE("HEAD gives the headers of GET and no body") {
  ApiServer server;
  const auto answer = server.unix_socket(http("HEAD", "/status"));
  CHECK(status_of(answer) == 200);
  CHECK(body_of(answer).empty());
  CHECK(answer.find("Content-Length: 0\r\n") == std::string::npos);
}

TEST_CASE("a Range header does not cut an answer") {
  ApiServer server;
  const auto answer = server.unix_socket(http("GET", "/version", "Range: bytes=0-3\r\n"));
  CHECK(status_of(answer) == 200);
  CHECK(nlohmann::json::parse(body_of(answer))["version"].is_string());
}

TEST_CASE("a websocket upgrade is an ordinary request here") {
  ApiServer server;
  RawSocket client(server.port());
  client.send(
      "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  CHECK(status_of(client.read_answer()) == 200);
}
