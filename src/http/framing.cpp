// SPDX-License-Identifier: Apache-2.0
#include "http/framing.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace mus {
namespace {

constexpr std::string_view kEol = "\r\n";

Frame refuse(int status, std::string_view detail) {
  return Frame{Frame::State::refused, 0, status, detail};
}

/// Control characters have no place in a head; CR and LF only together.
bool clean(std::string_view head, bool last_may_be_cr) {
  for (std::size_t i = 0; i < head.size(); ++i) {
    const auto c = static_cast<unsigned char>(head[i]);
    if (c >= 0x20 && c != 0x7f) continue;
    if (c == '\t') continue;
    if (c == '\r' && i + 1 < head.size() && head[i + 1] == '\n') continue;
    if (c == '\r' && i + 1 == head.size() && last_may_be_cr) continue;
    if (c == '\n' && i > 0 && head[i - 1] == '\r') continue;
    return false;
  }
  return true;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

struct HeadFacts {
  std::size_t headers = 0;
  std::size_t hosts = 0;
  std::size_t lengths = 0;
  bool transfer_encoding = false;
  bool bad_line = false;
  std::string_view length;
};

HeadFacts read_header_lines(std::string_view lines) {
  HeadFacts facts;
  while (!lines.empty()) {
    const auto end = lines.find(kEol);
    const auto line = lines.substr(0, end);
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + kEol.size());
    ++facts.headers;
    const auto colon = line.find(':');
    // A line that starts with a blank is the obsolete folding; a blank before the colon hides a header from others.
    if (colon == std::string_view::npos || colon == 0 ||
        line.substr(0, colon).find_first_of(" \t") != std::string_view::npos) {
      facts.bad_line = true;
      continue;
    }
    const auto name = line.substr(0, colon);
    if (equals_ignoring_case(name, "host")) {
      ++facts.hosts;
      if (trim(line.substr(colon + 1)).empty()) facts.bad_line = true;
    } else if (equals_ignoring_case(name, "transfer-encoding")) {
      facts.transfer_encoding = true;
    } else if (equals_ignoring_case(name, "content-length")) {
      ++facts.lengths;
      facts.length = trim(line.substr(colon + 1));
    }
  }
  return facts;
}

std::optional<std::size_t> to_size(std::string_view digits) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc::result_out_of_range) return static_cast<std::size_t>(-1);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

}  // namespace

Frame frame_request(std::string_view bytes, const HttpLimits& limits) {
  const auto head_end = bytes.find("\r\n\r\n");
  const bool whole_head = head_end != std::string_view::npos;
  const auto head = bytes.substr(0, whole_head ? head_end + kEol.size() : bytes.size());
  if (!clean(head.substr(0, limits.head_bytes), !whole_head || head.size() > limits.head_bytes)) {
    return refuse(400, "The request holds control characters or lines that do not end in CRLF. Send plain HTTP/1.1.");
  }
  const auto line_end = head.find(kEol);
  if (head.size() > limits.head_bytes) {
    if (line_end == std::string_view::npos || line_end > limits.head_bytes) {
      return refuse(414, "The request line is longer than 8 KiB. Send the parameters as a JSON body.");
    }
    return refuse(431, "The headers are larger than 8 KiB. Send fewer or shorter ones.");
  }
  if (!whole_head) return {};

  const auto first_line = head.substr(0, line_end);
  const auto facts = read_header_lines(head.substr(line_end + kEol.size()));
  if (facts.bad_line) return refuse(400, "A header line is malformed. Each is a name, a colon and a value.");
  if (facts.headers > limits.headers) return refuse(431, "The request has more than 32 headers. Send fewer.");
  if (facts.hosts > 1) return refuse(400, "The request names Host more than once. Send one Host header.");
  if (facts.hosts == 0 && first_line.ends_with("HTTP/1.1")) {
    return refuse(400, "The request has no Host header, which HTTP/1.1 demands. Send one.");
  }
  if (facts.transfer_encoding) {
    return refuse(411, "Transfer-Encoding is not accepted here. Send the body with a Content-Length.");
  }
  if (facts.lengths > 1) return refuse(400, "The request names Content-Length more than once. Send it once.");
  std::size_t body = 0;
  if (facts.lengths == 1) {
    const auto length = to_size(facts.length);
    if (!length) return refuse(400, "Content-Length is not a number of bytes.");
    body = *length;
  }
  if (body > limits.body_bytes) {
    return refuse(413, "The body is larger than 64 KiB. A request here needs a few hundred bytes.");
  }
  const auto size = head_end + 4 + body;
  if (bytes.size() < size) return {};
  return Frame{Frame::State::complete, size, 0, {}};
}

std::string_view raw_path(std::string_view request) {
  const auto begin = request.find(' ');
  if (begin == std::string_view::npos) return {};
  const auto end = request.find_first_of(" ?#\r", begin + 1);
  return request.substr(begin + 1, end == std::string_view::npos ? end : end - begin - 1);
}

}  // namespace mus
