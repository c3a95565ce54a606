// SPDX-License-Identifier: Apache-2.0
// How the API itself does: what was answered, and how long that took.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>

#include "mus/http.hpp"

namespace mus {

/// Thread-safe.
class ApiHealth {
 public:
  /// Upper bounds of how long answers took; longer ones come last.
  static constexpr std::array kBounds{std::chrono::milliseconds(1),   std::chrono::milliseconds(4),
                                      std::chrono::milliseconds(16),  std::chrono::milliseconds(64),
                                      std::chrono::milliseconds(256), std::chrono::milliseconds(1024)};
  struct Counts {
    std::map<int, std::uint64_t> statuses;  ///< those that there were
    std::array<std::uint64_t, kBounds.size() + 1> times{};
    std::chrono::nanoseconds took{0};  ///< in all
  };

  /// By the server itself: it took no time.
  void refused(int status);
  void answered(int status, std::chrono::nanoseconds took);
  [[nodiscard]] Counts counts() const;

 private:
  static constexpr std::size_t kStatuses = 600;
  void count(int status);

  std::array<std::atomic<std::uint64_t>, kStatuses> statuses_{};
  std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> times_{};
  std::atomic<std::int64_t> took_ns_{0};
};

/// Answers as `inner` does, and counts. Both outlive it.
[[nodiscard]] std::unique_ptr<HttpHandler> make_counted(HttpHandler& inner, ApiHealth& health);

}  // namespace mus
