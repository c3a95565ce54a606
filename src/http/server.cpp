// SPDX-License-Identifier: Apache-2.0
#include "http/server.hpp"

#include <exception>
#include <optional>
#include <thread>
#include <utility>

#include "http/event_loop.hpp"
#include "http/unix_listener.hpp"

namespace mus {
namespace {

// Deep enough that a burst of connections is not left to TCP's retry a second later.
constexpr int kBacklog = 512;

class Server final : public HttpServer {
 public:
  Server(HttpServerOptions options, HttpHandler& handler) : options_(std::move(options)), handler_(handler) {}
  ~Server() override { stop(); }

  Result<void> start() override {
    if (loop_) return fail(Errc::internal, "the server was started twice");
    auto started = open();
    if (!started) close();
    return started;
  }

  void stop() override {
    if (loop_) loop_->stop();
    if (thread_.joinable()) thread_.join();
    close();
  }

  [[nodiscard]] int port() const override { return tcp_ ? local_port(tcp_.get()) : 0; }

 private:
  Result<void> open() {
    std::vector<Listener> listeners;
    if (!options_.socket_path.empty()) {
      auto made = UnixListener::open(options_.socket_path, options_.socket_group, kBacklog);
      if (!made) return tl::unexpected(made.error());
      unix_.emplace(std::move(*made));
      listeners.push_back({unix_->fd(), HttpRequest::Transport::unix_socket});
    }
    if (!options_.tcp_address.empty()) {
      auto made = listen_tcp(options_.tcp_address, options_.interfaces, kBacklog);
      if (!made) return tl::unexpected(made.error());
      tcp_ = std::move(*made);
      listeners.push_back({tcp_.get(), HttpRequest::Transport::tcp});
    }
    if (listeners.empty()) {
      return fail(Errc::invalid_argument, "neither a socket nor an address to listen on is given",
                  "Give at least one of --socket and --listen.");
    }
    try {
      loop_ = std::make_unique<EventLoop>(handler_, std::move(listeners), options_.limits, options_.reserved_paths);
      if (!loop_->usable()) return fail(Errc::io, "cannot make an event descriptor");
      thread_ = std::thread([this] { loop_->run(); });
    } catch (const std::exception& e) {
      return fail(Errc::io, std::string("cannot start the server's threads: ") + e.what());
    }
    return {};
  }

  void close() {
    loop_.reset();
    tcp_.reset();
    unix_.reset();
  }

  const HttpServerOptions options_;
  HttpHandler& handler_;
  std::optional<UnixListener> unix_;
  Fd tcp_;
  std::unique_ptr<EventLoop> loop_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<HttpServer> make_http_server(HttpServerOptions options, HttpHandler& handler) {
  return std::make_unique<Server>(std::move(options), handler);
}

}  // namespace mus
