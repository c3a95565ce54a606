// SPDX-License-Identifier: Apache-2.0
#include "http/framing.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

#include "http/query.hpp"

using namespace mus;

namespace {

Frame frame(const std::string& bytes) {
  return frame_request(bytes, {});
}

const std::string kGet = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";

}  // namespace

TEST_CASE("a request is complete at its last byte and not before") {
  const std::string post = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
  for (std::size_t i = 0; i < post.size(); ++i) CHECK(frame(post.substr(0, i)).state == Frame::State::incomplete);
  CHECK(frame(post).size == post.size());
  CHECK(frame(post + kGet).size == post.size());
  CHECK(raw_path(kGet) == "/livez");
  CHECK(raw_path("GET /a?b=c HTTP/1.1\r\n\r\n") == "/a");
}

TEST_CASE("what the library would let pass is refused") {
  struct Row {
    std::string bytes;
    int status;
  };
  const auto row = GENERATE(values<Row>({
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n", 400},
      {"GET / HTTP/1.1\nHost: a\n\n", 400},
      {std::string("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 29), 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400},
      {"\x16\x03\x01", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 411},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n", 413},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n", 413},
      {"GET /" + std::string(9000, 'a'), 414},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(9000, 'a'), 431},
  }));
  INFO(row.bytes.substr(0, 80));
  const auto judged = frame(row.bytes);
  CHECK(judged.state == Frame::State::refused);
  CHECK(judged.status == row.status);
  CHECK_FALSE(judged.detail.empty());
}

TEST_CASE("thirty-two headers pass and thirty-three do not") {
  std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 31; ++i) head += "X: y\r\n";
  CHECK(frame(head + "\r\n").state == Frame::State::complete);
  CHECK(frame(head + "X: y\r\n\r\n").status == 431);
}

TEST_CASE("a query keeps order and repeats, and broken percent signs are told apart") {
  const auto pairs = parse_query("b=1&a=x%20y+z&a=x%20y+z&&c&=d&e=%C3%A4");
  REQUIRE(pairs);
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  CHECK(*pairs == Pairs{{"b", "1"}, {"a", "x y z"}, {"a", "x y z"}, {"c", ""}, {"", "d"}, {"e", "\xc3\xa4"}});
  for (const auto* broken : {"a=%", "a=%4", "a=%zz", "%=1", "a=%-1", "a=% 1"}) CHECK_FALSE(parse_query(broken));
}
