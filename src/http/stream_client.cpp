// SPDX-License-Identifier: Apache-2.0
#include "http/stream_client.hpp"

#include <httplib.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace mus {
namespace {

constexpr int kOk = 200;
constexpr std::size_t kRefusalBytes = 64UL * 1024;

class UnixStreamClient final : public HttpStreamClient {
 public:
  UnixStreamClient(std::string path, std::chrono::milliseconds silence) : path_(std::move(path)), silence_(silence) {}

  Result<HttpReply> follow(const std::string& path_and_query,
                           const std::function<bool(std::string_view)>& take) override {
    const bool clean = path_and_query.starts_with('/') &&
                       std::ranges::all_of(path_and_query, [](char c) { return c > ' ' && c <= '~'; });
    if (!clean) {
      return fail(Errc::invalid_argument, "the request has characters that HTTP cannot carry", "Percent-encode them.");
    }
    httplib::ClientImpl client(path_, 80);
    client.set_address_family(AF_UNIX);
    client.set_connection_timeout(silence_);
    client.set_read_timeout(silence_);
    client.set_write_timeout(silence_);
    client.set_path_encode(false);

    HttpReply reply;
    bool enough = false;
    httplib::Request request;
    request.method = "GET";
    request.path = path_and_query;
    request.response_handler = [&](const httplib::Response& response) {
      reply.status = response.status;
      reply.content_type = response.get_header_value("Content-Type");
      return true;
    };
    request.content_receiver = [&](const char* data, std::size_t size, std::size_t, std::size_t) {
      if (reply.status == kOk) {
        enough = !take({data, size});
        return !enough;
      }
      reply.body.append(data, std::min(size, kRefusalBytes - reply.body.size()));
      return reply.body.size() < kRefusalBytes;
    };
    const auto result = client.send(request);
    if (result || enough || (reply.status != 0 && reply.status != kOk)) return reply;
    if (result.error() == httplib::Error::Connection) {
      return fail(Errc::unavailable, "cannot connect to " + path_, "Check that the daemon runs.");
    }
    return reply.status == 0 ? fail(Errc::protocol, path_ + " broke off, or sent what is not HTTP")
                             : fail(Errc::unavailable, path_ + " was silent for too long, or broke off");
  }

 private:
  const std::string path_;
  const std::chrono::milliseconds silence_;
};

}  // namespace

std::unique_ptr<HttpStreamClient> make_unix_stream_client(std::string socket_path, std::chrono::milliseconds silence) {
  return std::make_unique<UnixStreamClient>(std::move(socket_path), silence);
}

}  // namespace mus
