// SPDX-License-Identifier: Apache-2.0
#include "api/audit.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

namespace mus {
namespace {

using namespace std::chrono_literals;

std::string who(const HttpRequest& request) {
  if (request.transport == HttpRequest::Transport::tcp) return "tcp";
  if (!request.peer) return "unknown";
  return "uid=" + std::to_string(request.peer->uid) + " gid=" + std::to_string(request.peer->gid) +
         " pid=" + std::to_string(request.peer->pid);
}

std::string what(const HttpRequest& request) {
  std::string text = request.method + " " + request.path;
  for (const auto& [name, value] : request.query) text.append(" ").append(name).append("=").append(value);
  if (!request.body.empty()) text.append(" ").append(request.body);
  if (text.size() > kAuditedBytes) text.replace(kAuditedBytes - 3, std::string::npos, "...");
  const auto is_odd = [](char c) { return c < ' ' || c > '~'; };
  std::ranges::replace_if(text, is_odd, '?');
  return text;
}

class Audited final : public HttpHandler {
 public:
  Audited(HttpHandler& inner, AuditLog log, std::function<TimePoint()> now)
      : inner_(inner), log_(std::move(log)), now_(std::move(now)), refilled_(now_()) {}

  HttpResponse handle(const HttpRequest& request) override {
    auto response = inner_.handle(request);
    if (request.method == "GET" || request.method == "HEAD") return response;
    if (const auto untold = take_turn(response.status >= 400)) {
      std::string line = "audit: ";
      if (*untold > 0) line += "(" + std::to_string(*untold) + " refused before were not told) ";
      log_(line + std::to_string(response.status) + " " + who(request) + " " + what(request));
    }
    return response;
  }

  HttpResponse refuse(int status, std::string_view detail) override { return inner_.refuse(status, detail); }

 private:
  /// How many were left out before this one; none: this one is, too.
  std::optional<std::uint64_t> take_turn(bool refused) {
    const std::lock_guard lock(mutex_);
    if (refused) {
      const auto passed = std::chrono::floor<std::chrono::seconds>(now_() - refilled_);
      if (passed > 0s) {
        refusals_ = static_cast<unsigned>(std::min<std::int64_t>(kRefusalsAtOnce, refusals_ + passed.count()));
        refilled_ += passed;
      }
      if (refusals_ == 0) {
        ++untold_;
        return std::nullopt;
      }
      --refusals_;
    }
    return std::exchange(untold_, 0);
  }

  HttpHandler& inner_;
  const AuditLog log_;
  const std::function<TimePoint()> now_;
  std::mutex mutex_;
  unsigned refusals_ = kRefusalsAtOnce;  ///< that may be told now
  TimePoint refilled_;
  std::uint64_t untold_ = 0;
};

}  // namespace

std::unique_ptr<HttpHandler> make_audited(HttpHandler& inner, AuditLog log, std::function<TimePoint()> now) {
  return std::make_unique<Audited>(inner, std::move(log), std::move(now));
}

}  // namespace mus
