// SPDX-License-Identifier: Apache-2.0
// The client against real servers: whom it believes, what it sends, and what it does not put up with.
#include "http/client.hpp"

#include <httplib.h>

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <functional>
#include <mutex>
#include <thread>

#include "http/socket_address.hpp"
#include "support/api_server.hpp"
#include "support/certificates.hpp"

using namespace mus;
using namespace mus::test;
using namespace std::chrono_literals;

namespace {

/// Runs an httplib server on a thread for as long as it lives, and counts what reaches its handlers.
class Running {
 public:
  explicit Running(httplib::Server& server) : server_(server), port_(server.bind_to_any_port("127.0.0.1")) {
    server_.set_pre_routing_handler([this](const httplib::Request& request, httplib::Response&) {
      ++requests_;
      const std::lock_guard lock(mutex_);
      authorization_ = request.get_header_value("Authorization");
      return httplib::Server::HandlerResponse::Unhandled;
    });
    server_.Get("/pods",
                [](const httplib::Request&, httplib::Response& r) { r.set_content("{}", "application/json"); });
    server_.Get("/moved", [](const httplib::Request&, httplib::Response& r) { r.set_redirect("/pods"); });
    server_.Get("/large",
                [](const httplib::Request&, httplib::Response& r) { r.set_content(std::string(5000, 'x'), "a/b"); });
    server_.Get("/endless", [](const httplib::Request&, httplib::Response& r) {
      r.set_chunked_content_provider("a/b", [](std::size_t, httplib::DataSink& sink) {
        const std::string chunk(1000, 'x');
        return sink.write(chunk.data(), chunk.size());
      });
    });
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    server_.wait_until_ready();
  }
  ~Running() {
    server_.stop();
    thread_.join();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  [[nodiscard]] std::string url(const char* scheme = "https", const char* host = "127.0.0.1") const {
    return std::string(scheme) + "://" + host + ":" + std::to_string(port_);
  }
  [[nodiscard]] int requests() const { return requests_; }
  [[nodiscard]] std::string authorization() const {
    const std::lock_guard lock(mutex_);
    return authorization_;
  }

 private:
  httplib::Server& server_;
  int port_;
  std::atomic<int> requests_ = 0;
  mutable std::mutex mutex_;
  std::string authorization_;
  std::thread thread_;
};

struct Tls {
  TempDir directory;
  Identity ca{"test CA", ""};
  Identity other_ca{"another CA", ""};
  Identity node{"node-1", "DNS:node-1", &ca};
  std::string ca_file = ca.write(directory, "ca");
  std::string other_ca_file = other_ca.write(directory, "other");
  std::string node_file = node.write(directory, "node");
  std::string node_key = directory.str() + "/node.key";
  httplib::SSLServer server{node_file.c_str(), node_key.c_str()};
  Running running{server};

  Result<HttpReply> get(TlsOptions tls, const std::string& path = "/pods", const std::string& host = "127.0.0.1") {
    HttpClientOptions options;
    options.url = running.url("https", host.c_str());
    options.tls = std::move(tls);
    auto client = make_http_client(options);
    if (!client) return tl::unexpected(client.error());
    return (*client)->send("GET", path, {{"Authorization", "Bearer t"}}, "");
  }
};

TlsOptions with_ca(const std::string& file, const std::string& name) {
  TlsOptions tls;
  tls.ca_file = file;
  tls.server_name = name;
  return tls;
}

TlsOptions with_pin(const std::string& file) {
  TlsOptions tls;
  tls.pin_file = file;
  return tls;
}

/// Accepts connections and lets `talk` have them.
class RawServer {
 public:
  explicit RawServer(std::function<void(int)> talk)
      : listener_(*listen_tcp("127.0.0.1:0", Interfaces::loopback, 8)), talk_(std::move(talk)) {
    thread_ = std::thread([this] {
      pollfd waiting{listener_.get(), POLLIN, 0};
      if (::poll(&waiting, 1, 5000) != 1) return;
      const Fd client(::accept(listener_.get(), nullptr, nullptr));
      talk_(client.get());
    });
  }
  ~RawServer() { thread_.join(); }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;
  [[nodiscard]] std::string url(const char* scheme) const {
    return std::string(scheme) + "://127.0.0.1:" + std::to_string(local_port(listener_.get()));
  }

 private:
  Fd listener_;
  std::function<void(int)> talk_;
  std::thread thread_;
};

bool write_all(int fd, std::string_view bytes) {
  return ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

Result<HttpReply> get_plain(const std::string& url, HttpClientLimits limits, const std::string& path = "/pods",
                            const std::map<std::string, std::string>& headers = {}) {
  HttpClientOptions options;
  options.url = url;
  options.allow_plain_http = true;
  options.limits = limits;
  return (*make_http_client(options))->send("GET", path, headers, "");
}

}  // namespace

TEST_CASE_METHOD(Tls, "a server with a certificate of the CA for the expected name is believed") {
  const auto reply = get(with_ca(ca_file, "node-1"));
  REQUIRE(reply);
  CHECK(reply->status == 200);
  CHECK(reply->content_type == "application/json");
  CHECK(reply->body == "{}");
  CHECK(running.authorization() == "Bearer t");
  CHECK(get(with_ca(ca_file, "node-1"), "/pods", "localhost"));
}

TEST_CASE_METHOD(Tls, "a wrong name, a wrong CA and a self-signed stranger are refused before anything is sent") {
  const auto wrong_name = get(with_ca(ca_file, "node-2"));
  REQUIRE_FALSE(wrong_name);
  CHECK(wrong_name.error().code == Errc::unauthorized);
  CHECK(wrong_name.error().message.find("\"node-2\"") != std::string::npos);
  CHECK(wrong_name.error().message.find("node-1") != std::string::npos);
  CHECK(wrong_name.error().advice.find("--kubelet-server-name") != std::string::npos);

  const auto no_name = get(with_ca(ca_file, ""));
  REQUIRE_FALSE(no_name);
  CHECK(no_name.error().code == Errc::unauthorized);

  const auto wrong_ca = get(with_ca(other_ca_file, "node-1"));
  REQUIRE_FALSE(wrong_ca);
  CHECK(wrong_ca.error().code == Errc::unauthorized);
  CHECK(wrong_ca.error().advice.find("--kubelet-ca") != std::string::npos);

  const Identity self("node-1", "DNS:node-1");
  const auto file = self.write(directory, "self");
  const auto key = directory.str() + "/self.key";
  httplib::SSLServer stranger(file.c_str(), key.c_str());
  const Running stranger_running(stranger);
  HttpClientOptions options;
  options.url = stranger_running.url();
  options.tls = with_ca(ca_file, "node-1");
  const auto refused = (*make_http_client(options))->send("GET", "/pods", {{"Authorization", "Bearer t"}}, "");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unauthorized);
  CHECK(running.requests() + stranger_running.requests() == 0);
}

TEST_CASE_METHOD(Tls, "a pinned certificate is believed without CA or name, any other is refused") {
  CHECK(get(with_pin(node_file)));
  const auto refused = get(with_pin(ca_file));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unauthorized);
  CHECK(refused.error().advice.find("--kubelet-pin") != std::string::npos);

  // Same name, same issuer, another key: still not the pinned one.
  const auto twin = Identity("node-1", "DNS:node-1", &ca).write(directory, "twin");
  CHECK_FALSE(get(with_pin(twin)));
  CHECK(running.requests() == 1);
}

TEST_CASE_METHOD(Tls, "there is no way to ask without saying how to know the server") {
  for (const auto& tls : {TlsOptions{}, [this] {
                            auto both = with_ca(ca_file, "node-1");
                            both.pin_file = node_file;
                            return both;
                          }()}) {
    const auto refused = get(tls);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::invalid_argument);
    CHECK_FALSE(refused.error().advice.empty());
  }
  auto half = with_ca(ca_file, "node-1");
  half.client_certificate = node_file;
  CHECK_FALSE(get(half));
  CHECK(get(with_ca("/nowhere/ca.crt", "node-1")).error().code == Errc::io);
  directory.write("empty.crt", "nothing");
  CHECK(get(with_ca(directory.str() + "/empty.crt", "node-1")).error().code == Errc::invalid_argument);
}

TEST_CASE_METHOD(Tls, "the client certificate is presented to a server that demands one") {
  httplib::SSLServer strict(node_file.c_str(), node_key.c_str(), ca_file.c_str());
  const Running strict_running(strict);
  const auto ask = [&](const TlsOptions& tls) {
    HttpClientOptions options;
    options.url = strict_running.url();
    options.tls = tls;
    return (*make_http_client(options))->send("GET", "/pods", {}, "");
  };
  CHECK_FALSE(ask(with_ca(ca_file, "node-1")));
  auto with_certificate = with_ca(ca_file, "node-1");
  with_certificate.client_certificate = Identity("client", "", &ca).write(directory, "client");
  with_certificate.client_key = directory.str() + "/client.key";
  CHECK(ask(with_certificate));
  with_certificate.client_key = node_key;
  const auto mismatch = ask(with_certificate);
  REQUIRE_FALSE(mismatch);
  CHECK(mismatch.error().code == Errc::invalid_argument);
}

TEST_CASE("plain http needs permission, and a credential never goes over it") {
  httplib::Server server;
  const Running running(server);
  HttpClientOptions options;
  options.url = running.url("http");
  CHECK_FALSE(make_http_client(options));
  CHECK(get_plain(options.url, {}));
  for (const auto* name : {"Authorization", "authorization", "AUTHORIZATION"}) {
    const auto refused = get_plain(options.url, {}, "/pods", {{name, "Bearer t"}});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::invalid_argument);
  }
  CHECK(running.requests() == 1);
  CHECK(running.authorization().empty());
}

TEST_CASE("answers above the cap are refused, announced or not, and redirects are not followed") {
  httplib::Server server;
  const Running running(server);
  HttpClientLimits limits;
  limits.response_bytes = 4999;
  CHECK(get_plain(running.url("http"), limits, "/large").error().code == Errc::protocol);
  CHECK(get_plain(running.url("http"), limits, "/endless").error().code == Errc::protocol);
  limits.response_bytes = 5000;
  CHECK(get_plain(running.url("http"), limits, "/large")->body.size() == 5000);
  CHECK(get_plain(running.url("http"), limits, "/moved")->status == 302);
}

TEST_CASE("the deadline holds against silence, dripping and a handshake that never ends") {
  HttpClientLimits limits;
  limits.deadline = 300ms;
  const auto check = [](const Result<HttpReply>& reply, Clock::time_point start) {
    REQUIRE_FALSE(reply);
    CHECK(reply.error().code == Errc::unavailable);
    CHECK(Clock::now() - start < 1500ms);
  };
  const auto until_closed = [](int fd) {
    pollfd waiting{fd, POLLRDHUP, 0};
    ::poll(&waiting, 1, 5000);
  };
  {
    const RawServer silent(until_closed);
    check(get_plain(silent.url("http"), limits), Clock::now());
  }
  {
    const RawServer dripping([](int fd) {
      write_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
      for (int i = 0; i < 100 && write_all(fd, "x"); ++i) std::this_thread::sleep_for(50ms);
    });
    check(get_plain(dripping.url("http"), limits), Clock::now());
  }
  {
    const TempDir directory;
    const RawServer silent(until_closed);
    HttpClientOptions options;
    options.url = silent.url("https");
    options.tls = with_pin(Identity("x", "").write(directory, "x"));
    options.limits = limits;
    const auto start = Clock::now();
    check((*make_http_client(options))->send("GET", "/pods", {}, ""), start);
  }
}

TEST_CASE("a closed port is unavailable, garbage is a protocol error, and neither hangs") {
  const auto port = [] {
    const auto closed = listen_tcp("127.0.0.1:0", Interfaces::loopback, 1);
    return local_port(closed->get());
  }();
  CHECK(get_plain("http://127.0.0.1:" + std::to_string(port), {}).error().code == Errc::unavailable);
  CHECK(get_plain("http://localhost:" + std::to_string(port), {}).error().code == Errc::unavailable);
  const RawServer garbage([](int fd) { write_all(fd, "SSH-2.0-OpenSSH_9.2\r\n\r\n\r\n"); });
  CHECK(get_plain(garbage.url("http"), {}).error().code == Errc::protocol);
  const TempDir directory;
  const RawServer no_tls([](int fd) { write_all(fd, "HTTP/1.1 400 Bad Request\r\n\r\n"); });
  HttpClientOptions options;
  options.url = no_tls.url("https");
  options.tls = with_pin(Identity("x", "").write(directory, "x"));
  CHECK((*make_http_client(options))->send("GET", "/", {}, "").error().code == Errc::protocol);
}

TEST_CASE("URLs take numeric hosts and localhost, and nothing behind the port") {
  HttpClientOptions options;
  options.allow_plain_http = true;
  for (const auto* url : {"ftp://127.0.0.1", "127.0.0.1:80", "http://example.org", "http://", "http://127.0.0.1:80/x",
                          "http://user@127.0.0.1", "http://127.0.0.1:99999", "http://::1:80"}) {
    options.url = url;
    INFO(url);
    const auto refused = make_http_client(options);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::invalid_argument);
  }
  for (const auto* url : {"http://127.0.0.1", "http://[::1]:10255/", "http://localhost:10255"}) {
    options.url = url;
    CHECK(make_http_client(options));
  }
}

TEST_CASE("the command line's client talks to the daemon over the unix socket") {
  ApiServer server;
  const auto client = make_unix_client(server.socket());
  const auto reply = client->send("POST", "/prioritize?pod=redis", {}, "");
  REQUIRE(reply);
  CHECK(reply->status == 200);
  CHECK(client->send("POST", "/prioritize", {{"Content-Type", "application/json"}}, R"({"pod":"redis"})")->status ==
        200);
  CHECK(client->send("DELETE", "/prioritize?pod=redis", {}, "")->status == 200);
  CHECK(client->send("GET", "/nothing", {}, "")->content_type == "application/problem+json");
  CHECK(client->send("GET", "/a b", {}, "").error().code == Errc::invalid_argument);
  CHECK(client->send("GET", "/a", {{"X", "a\r\nb: c"}}, "").error().code == Errc::invalid_argument);
  server.server().stop();
  CHECK(client->send("GET", "/status", {}, "").error().code == Errc::unavailable);
}

TEST_CASE("one client serves many threads") {
  ApiServer server;
  const auto client = make_unix_client(server.socket());
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 25; ++n) {
        const auto reply = client->send("POST", "/prioritize?pod=redis", {}, "");
        if (reply && reply->status == 200) ++good;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(good == 100);
}
