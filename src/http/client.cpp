// SPDX-License-Identifier: Apache-2.0
#include "http/client.hpp"

#include <fcntl.h>
#include <httplib.h>
#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "http/certificate.hpp"
#include "http/socket_address.hpp"
#include "http/url.hpp"
#include "mus/types.hpp"

namespace mus {
namespace {

/// Cuts the connection when time is up. The library's time-outs are per step, and a server that sends a byte now and
/// then would pass all of them.
class Deadline {
 public:
  explicit Deadline(TimePoint at) : at_(at), thread_([this](const std::stop_token& stop) { wait(stop); }) {}

  /// Called once per socket that the library makes, before it connects. A copy of the descriptor is kept: the
  /// library may close its own, and the number may be somebody else's by then.
  void watch(int fd) {
    const std::lock_guard lock(mutex_);
    socket_.reset(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (passed_) ::shutdown(socket_.get(), SHUT_RDWR);
  }
  [[nodiscard]] bool passed() const { return Clock::now() >= at_; }

 private:
  void wait(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    wake_.wait_until(lock, stop, at_, [] { return false; });
    if (stop.stop_requested()) return;
    passed_ = true;
    if (socket_) ::shutdown(socket_.get(), SHUT_RDWR);
  }

  const TimePoint at_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  Fd socket_;
  bool passed_ = false;
  std::jthread thread_;  // last: stops and joins before the rest goes
};

struct Outcome {
  std::optional<Error> refused;  ///< by the certificate check
  bool too_large = false;
};

bool is_clean(std::string_view text, bool spaces) {
  return std::ranges::all_of(text, [spaces](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u > 0x20 ? u != 0x7f : (spaces && (u == ' ' || u == '\t'));
  });
}

bool is_authorization(std::string_view name) {
  constexpr std::string_view kName = "authorization";
  return std::ranges::equal(name, kName,
                            [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

Result<std::string> read_file(const std::string& path, const char* what) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) {
    return fail(Errc::io, std::string("cannot read ") + what + " " + path, "Check the path and who may read it.");
  }
  return text;
}

Error translate(httplib::Error error, const Outcome& outcome, bool late, const std::string& where,
                const HttpClientLimits& limits) {
  if (outcome.refused) return {outcome.refused->code, where + ": " + outcome.refused->message, outcome.refused->advice};
  if (outcome.too_large) {
    return {Errc::protocol, where + " sent more than " + std::to_string(limits.response_bytes) + " bytes", ""};
  }
  if (late || error == httplib::Error::ConnectionTimeout || error == httplib::Error::Timeout) {
    return {Errc::unavailable,
            where + " gave no complete answer within " + std::to_string(limits.deadline.count()) + " ms", ""};
  }
  switch (error) {
    case httplib::Error::Connection:
      return {Errc::unavailable, "cannot connect to " + where, "Check that it runs and listens there."};
    case httplib::Error::SSLConnection:
      return {Errc::protocol, "no TLS session could be agreed with " + where, "Check that it speaks TLS on this port."};
    case httplib::Error::SSLServerVerification:
    case httplib::Error::SSLServerHostnameVerification:
      return {Errc::unauthorized, where + ": the server's certificate was not accepted", ""};
    default:
      return {Errc::protocol, where + " broke off, or sent what is not HTTP", ""};
  }
}

Result<HttpReply> exchange(httplib::ClientImpl& client, httplib::Request request, const HttpClientLimits& limits,
                           TimePoint deadline_at, Outcome& outcome, const std::string& where) {
  Deadline deadline(deadline_at);
  client.set_socket_options([&deadline](socket_t fd) { deadline.watch(fd); });
  // Steps may take as long as the whole; the Deadline ends them earlier. One millisecond more, so that it is first.
  const auto left =
      std::max(std::chrono::ceil<std::chrono::milliseconds>(deadline_at - Clock::now()), std::chrono::milliseconds{0}) +
      std::chrono::milliseconds{1};
  client.set_connection_timeout(left);
  client.set_read_timeout(left);
  client.set_write_timeout(left);
  client.set_keep_alive(false);
  client.set_path_encode(false);

  HttpReply reply;
  request.content_receiver = [&](const char* data, std::size_t size, std::size_t, std::size_t) {
    if (size > limits.response_bytes - reply.body.size()) {
      outcome.too_large = true;
      return false;
    }
    reply.body.append(data, size);
    return true;
  };
  request.response_handler = [&](const httplib::Response& response) {
    outcome.too_large = response.get_header_value_u64("Content-Length") > limits.response_bytes;
    return !outcome.too_large;
  };
  const auto result = client.send(request);
  if (!result) return tl::unexpected(translate(result.error(), outcome, deadline.passed(), where, limits));
  reply.status = result->status;
  reply.content_type = result->get_header_value("Content-Type");
  return reply;
}

Result<httplib::Request> make_request(std::string_view method, const std::string& path_and_query,
                                      const std::map<std::string, std::string>& headers, const std::string& body) {
  httplib::Request request;
  request.method = method;
  request.path = path_and_query;
  request.body = body;
  bool clean = path_and_query.starts_with('/') && is_clean(path_and_query, false) && is_clean(method, false);
  for (const auto& [name, value] : headers) {
    clean = clean && is_clean(name, false) && is_clean(value, true);
    request.set_header(name, value);
  }
  if (!clean) {
    return fail(Errc::invalid_argument, "the request has characters that HTTP cannot carry", "Percent-encode them.");
  }
  return request;
}

class UnixClient final : public HttpClient {
 public:
  UnixClient(std::string path, HttpClientLimits limits) : path_(std::move(path)), limits_(limits) {}

  Result<HttpReply> send(std::string_view method, const std::string& path_and_query,
                         const std::map<std::string, std::string>& headers, const std::string& body) override {
    auto request = make_request(method, path_and_query, headers, body);
    if (!request) return tl::unexpected(request.error());
    httplib::ClientImpl client(path_, 80);
    client.set_address_family(AF_UNIX);
    Outcome outcome;
    auto reply = exchange(client, std::move(*request), limits_, Clock::now() + limits_.deadline, outcome, path_);
    if (!reply && reply.error().code == Errc::unavailable && !reply.error().advice.empty()) {
      reply.error().advice =
          "Check that the daemon runs (systemctl status mus-scheduler), and that you may use its socket: root may, and "
          "so may the socket's group.";
    }
    return reply;
  }

 private:
  const std::string path_;
  const HttpClientLimits limits_;
};

class TcpClient final : public HttpClient {
 public:
  TcpClient(HttpClientOptions options, Url url, std::vector<std::string> addresses)
      : options_(std::move(options)), url_(std::move(url)), addresses_(std::move(addresses)) {}

  Result<HttpReply> send(std::string_view method, const std::string& path_and_query,
                         const std::map<std::string, std::string>& headers, const std::string& body) override {
    const bool secret = std::ranges::any_of(headers, [](const auto& h) { return is_authorization(h.first); });
    if (secret && !url_.tls) {
      return fail(Errc::invalid_argument, "a credential is not sent over plain http", "Use an https:// URL.");
    }
    auto request = make_request(method, path_and_query, headers, body);
    if (!request) return tl::unexpected(request.error());
    const auto deadline = Clock::now() + options_.limits.deadline;
    Result<HttpReply> reply = fail(Errc::unavailable, "no address to connect to");
    for (const auto& address : addresses_) {
      reply = url_.tls ? over_tls(address, *request, deadline) : plainly(address, *request, deadline);
      // Another loopback is worth a try only when nobody listened on this one.
      if (reply || reply.error().code != Errc::unavailable || Clock::now() >= deadline) break;
    }
    return reply;
  }

 private:
  [[nodiscard]] Result<HttpReply> plainly(const std::string& address, httplib::Request request,
                                          TimePoint deadline) const {
    httplib::ClientImpl client(address, url_.port);
    client.set_hostname_addr_map({{address, address}});
    Outcome outcome;
    return exchange(client, std::move(request), options_.limits, deadline, outcome, options_.url);
  }

  [[nodiscard]] Result<HttpReply> over_tls(const std::string& address, httplib::Request request,
                                           TimePoint deadline) const {
    const auto& tls = options_.tls;
    const bool pinned = !tls.pin_file.empty();
    auto trusted = read_file(pinned ? tls.pin_file : tls.ca_file, pinned ? "the pinned certificate" : "the CA file");
    if (!trusted) return tl::unexpected(trusted.error());
    auto der = first_certificate_der(*trusted, pinned ? tls.pin_file : tls.ca_file);
    if (!der) return tl::unexpected(der.error());
    const auto name = tls.server_name.empty() ? url_.host : tls.server_name;

    httplib::SSLClient client(name, url_.port, tls.client_certificate, tls.client_key);
    if (!client.is_valid()) {
      return fail(Errc::invalid_argument,
                  "cannot use the client certificate " + tls.client_certificate + " with the key " + tls.client_key,
                  "Both must be PEM files, readable, and belong together.");
    }
    client.set_hostname_addr_map({{name, address}});
    client.load_ca_cert_store(trusted->data(), trusted->size());
    Outcome outcome;
    // The verdict is wholly ours; the library asks for it after the handshake and before it sends anything.
    client.set_session_verifier([&](httplib::tls::session_t handle) {
      const auto* session = static_cast<const ssl_st*>(handle);
      auto verdict = pinned ? check_pin(session, *der) : check_chain_and_name(session, name);
      if (verdict) return httplib::SSLVerifierResponse::CertificateAccepted;
      outcome.refused = std::move(verdict.error());
      return httplib::SSLVerifierResponse::CertificateRejected;
    });
    return exchange(client, std::move(request), options_.limits, deadline, outcome, options_.url);
  }

  const HttpClientOptions options_;
  const Url url_;
  const std::vector<std::string> addresses_;
};

}  // namespace

Result<std::unique_ptr<HttpClient>> make_http_client(HttpClientOptions options) {
  auto url = parse_url(options.url);
  if (!url) return tl::unexpected(url.error());
  const auto& tls = options.tls;
  if (!url->tls && !options.allow_plain_http) {
    return fail(Errc::invalid_argument, options.url + " is plain http, where anybody could answer",
                "Use https:// with a CA or a pinned certificate.");
  }
  if (url->tls && tls.ca_file.empty() == tls.pin_file.empty()) {
    return fail(Errc::invalid_argument,
                tls.ca_file.empty() ? "nothing says how to know the server " + options.url
                                    : "both a CA and a pinned certificate are given for " + options.url,
                "Give either its CA (--kubelet-ca FILE, with --kubelet-server-name NAME) or its exact certificate "
                "(--kubelet-pin FILE).");
  }
  if (tls.client_certificate.empty() != tls.client_key.empty()) {
    return fail(Errc::invalid_argument, "a client certificate and its key go together",
                "Give both --kubelet-client-cert and --kubelet-client-key.");
  }
  auto addresses = numeric_hosts(url->host);
  if (!addresses) return tl::unexpected(addresses.error());
  start_openssl();
  return std::make_unique<TcpClient>(std::move(options), std::move(*url), std::move(*addresses));
}

std::unique_ptr<HttpClient> make_unix_client(std::string socket_path, HttpClientLimits limits) {
  return std::make_unique<UnixClient>(std::move(socket_path), limits);
}

}  // namespace mus
