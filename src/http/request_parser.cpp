// SPDX-License-Identifier: Apache-2.0
#include "http/request_parser.hpp"

#include <httplib.h>

#include <algorithm>
#include <cstring>

#include "http/query.hpp"

namespace mus {
namespace {

/// The library's stream over a request that is already in memory.
class MemoryStream final : public httplib::Stream {
 public:
  explicit MemoryStream(std::string_view in) : in_(in) {}

  [[nodiscard]] bool is_readable() const override { return !in_.empty(); }
  [[nodiscard]] bool wait_readable() const override { return true; }
  [[nodiscard]] bool wait_writable() const override { return true; }
  ssize_t read(char* to, size_t size) override {
    const auto n = std::min(size, in_.size());
    std::memcpy(to, in_.data(), n);
    in_.remove_prefix(n);
    return static_cast<ssize_t>(n);
  }
  ssize_t write(const char* from, size_t size) override {
    out_.append(from, size);
    return static_cast<ssize_t>(size);
  }
  using httplib::Stream::write;
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  [[nodiscard]] socket_t socket() const override { return INVALID_SOCKET; }
  [[nodiscard]] time_t duration() const override { return 0; }

  std::string take_output() { return std::move(out_); }

 private:
  std::string_view in_;
  std::string out_;
};

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

bool has_control_characters(std::string_view value) {
  return std::ranges::any_of(value, [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return (u < 0x20 && u != '\t') || u == 0x7f;
  });
}

/// Status line and headers of an answer with which the connection ends, without the length and the empty line.
std::string write_head(const HttpResponse& response) {
  std::string out = "HTTP/1.1 " + std::to_string(response.status) + " " + httplib::status_message(response.status) +
                    "\r\nContent-Type: " + response.content_type + "\r\nConnection: close\r\n";
  for (const auto& [name, value] : response.headers) out.append(name).append(": ").append(value).append("\r\n");
  return out;
}

}  // namespace

/// Server is derived from for process_request(), its protected step from stream to stream; its sockets, accept loop
/// and thread pool stay unused (src/http/event_loop.hpp says why).
class RequestParser::Impl final : private httplib::Server {
 public:
  explicit Impl(HttpHandler& handler) : handler_(handler) {
    // Before routing everything is ours: no library routes, files, methods or websockets are ever looked at.
    set_pre_routing_handler([this](const httplib::Request& req, httplib::Response& res) {
      serve(req, res);
      return HandlerResponse::Handled;
    });
    set_error_handler([this](const httplib::Request&, httplib::Response& res) {
      if (served_) return HandlerResponse::Unhandled;  // an error answer of the handler's own
      put(handler_.refuse(res.status, "The request could not be read as HTTP/1.1."), res);
      return HandlerResponse::Handled;
    });
    set_exception_handler([this](const httplib::Request&, httplib::Response& res, const std::exception_ptr&) {
      served_ = true;
      stream_.reset();
      put(handler_.refuse(500, "The request failed inside the daemon; its log may say why."), res);
    });
  }

  Answer answer(std::string_view request, const Peer& peer, bool last) {
    MemoryStream stream(request);
    request_ = request;
    peer_ = peer;
    served_ = false;
    stream_.reset();
    bool closed = false;
    // Called after the Range header was parsed: none of our answers has parts.
    const auto drop_ranges = [](httplib::Request& req) { req.ranges.clear(); };
    const bool fine = process_request(stream, {}, 0, {}, 0, last, closed, drop_ranges);
    if (stream_) return {stream_head_, true, std::move(stream_)};
    return {stream.take_output(), last || closed || !fine || failed_};
  }

 private:
  void serve(const httplib::Request& req, httplib::Response& res) {
    served_ = true;
    HttpRequest ours;
    ours.transport = peer_.transport;
    ours.peer = peer_.credentials;
    ours.method = req.method;
    ours.path = req.path;
    for (const auto& [name, value] : req.headers) {
      // The library decodes %XX in header values (CVE-2026-45372): what comes out must be checked again.
      if (has_control_characters(value)) {
        put(handler_.refuse(400, "A header value holds control characters, plain or percent-encoded."), res);
        return;
      }
      ours.headers.emplace_back(lower(name), value);
    }
    if (const auto mark = req.target.find('?'); mark != std::string::npos) {
      auto query = parse_query(std::string_view(req.target).substr(mark + 1));
      if (!query) {
        put(handler_.refuse(400, "The query has a percent sign without two hex digits after it. Write it as %25."),
            res);
        return;
      }
      ours.query = std::move(*query);
    }
    ours.body = request_.substr(request_.find("\r\n\r\n") + 4);
    auto answer = handler_.handle(ours);
    if (answer.stream && ours.method != "HEAD") {
      stream_head_ = write_head(answer) + "\r\n";
      stream_ = std::move(answer.stream);
    }
    put(std::move(answer), res);
  }

  void put(HttpResponse from, httplib::Response& to) {
    to.status = from.status;
    failed_ = from.status >= 400;  // the library announces "Connection: close" then
    for (auto& [name, value] : from.headers) to.set_header(name, value);
    to.set_content(std::move(from.body), from.content_type);
  }

  HttpHandler& handler_;
  std::string_view request_;
  Peer peer_;
  bool served_ = false;
  bool failed_ = false;
  std::string stream_head_;
  std::shared_ptr<HttpStream> stream_;
};

RequestParser::RequestParser(HttpHandler& handler) : impl_(std::make_unique<Impl>(handler)) {}
RequestParser::~RequestParser() = default;

Answer RequestParser::answer(std::string_view request, const Peer& peer, bool last) {
  try {
    return impl_->answer(request, peer, last);
  } catch (...) {
    // Only running out of memory is left to come here; there is nothing sensible to say to the client.
    return Answer{};
  }
}

std::string write_refusal(HttpHandler& handler, int status, std::string_view detail) {
  const auto response = handler.refuse(status, detail);
  return write_head(response) + "Content-Length: " + std::to_string(response.body.size()) + "\r\n\r\n" + response.body;
}

}  // namespace mus
