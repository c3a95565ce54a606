// SPDX-License-Identifier: Apache-2.0
#include "api/health.hpp"

#include <algorithm>

#include "mus/types.hpp"

namespace mus {
namespace {

class Counted final : public HttpHandler {
 public:
  Counted(HttpHandler& inner, ApiHealth& health) : inner_(inner), health_(health) {}

  HttpResponse handle(const HttpRequest& request) override {
    const auto began = Clock::now();
    auto response = inner_.handle(request);
    health_.answered(response.status, Clock::now() - began);
    return response;
  }
  HttpResponse refuse(int status, std::string_view detail) override {
    health_.refused(status);
    return inner_.refuse(status, detail);
  }

 private:
  HttpHandler& inner_;
  ApiHealth& health_;
};

}  // namespace

void ApiHealth::refused(int status) {
  count(status);
}

void ApiHealth::count(int status) {
  const auto place = static_cast<std::size_t>(std::clamp(status, 0, static_cast<int>(kStatuses) - 1));
  statuses_[place].fetch_add(1, std::memory_order_relaxed);
}

void ApiHealth::answered(int status, std::chrono::nanoseconds took) {
  count(status);
  const auto bucket = std::ranges::upper_bound(kBounds, took) - kBounds.begin();
  times_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  took_ns_.fetch_add(took.count(), std::memory_order_relaxed);
}

ApiHealth::Counts ApiHealth::counts() const {
  Counts out;
  for (std::size_t status = 0; status < kStatuses; ++status) {
    if (const auto n = statuses_[status].load(std::memory_order_relaxed)) out.statuses[static_cast<int>(status)] = n;
  }
  for (std::size_t i = 0; i < times_.size(); ++i) out.times[i] = times_[i].load(std::memory_order_relaxed);
  out.took = std::chrono::nanoseconds(took_ns_.load(std::memory_order_relaxed));
  return out;
}

std::unique_ptr<HttpHandler> make_counted(HttpHandler& inner, ApiHealth& health) {
  return std::make_unique<Counted>(inner, health);
}

}  // namespace mus
