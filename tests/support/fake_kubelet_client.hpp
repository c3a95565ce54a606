// SPDX-License-Identifier: Apache-2.0
// An HttpClient that answers as told and remembers what it was asked.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "mus/http.hpp"
#include "mus/types.hpp"

namespace mus::test {

class FakeKubeletClient final : public HttpClient {
 public:
  using Headers = std::map<std::string, std::string>;

  /// What the next and all later requests get.
  void answer(int status, std::string body) { set(HttpReply{status, "application/json", std::move(body)}); }
  void answer(Error error) { set(tl::unexpected(std::move(error))); }
  /// How long each takes.
  void delay(std::chrono::milliseconds time) {
    const std::lock_guard lock{mutex_};
    delay_ = time;
  }

  [[nodiscard]] std::size_t requests() const {
    const std::lock_guard lock{mutex_};
    return headers_.size();
  }
  [[nodiscard]] Headers last_headers() const {
    const std::lock_guard lock{mutex_};
    return headers_.back();
  }
  [[nodiscard]] int most_at_once() const {
    const std::lock_guard lock{mutex_};
    return most_;
  }

  Result<HttpReply> send(std::string_view method, const std::string& path_and_query, const Headers& headers,
                         const std::string& body) override {
    Result<HttpReply> reply = fail(Errc::internal, "not set");
    std::chrono::milliseconds time{0};
    {
      const std::lock_guard lock{mutex_};
      headers_.push_back(headers);
      most_ = std::max(most_, ++now_);
      reply = reply_;
      time = delay_;
    }
    if (method != "GET" || path_and_query != "/pods" || !body.empty()) reply = fail(Errc::internal, "not GET /pods");
    std::this_thread::sleep_for(time);
    const std::lock_guard lock{mutex_};
    --now_;
    return reply;
  }

 private:
  void set(Result<HttpReply> reply) {
    const std::lock_guard lock{mutex_};
    reply_ = std::move(reply);
  }

  mutable std::mutex mutex_;
  Result<HttpReply> reply_ = HttpReply{200, "application/json", R"({"kind":"PodList","items":null})"};
  std::vector<Headers> headers_;
  std::chrono::milliseconds delay_{0};
  int now_ = 0;
  int most_ = 0;
};

/// A clock that stands still until told.
class ManualClock {
 public:
  void advance(std::chrono::milliseconds time) { now_ += time; }
  [[nodiscard]] std::function<TimePoint()> function() {
    return [this] { return now_; };
  }

 private:
  TimePoint now_ = TimePoint{} + std::chrono::hours{1};
};

}  // namespace mus::test
