// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "mus/service.hpp"

namespace mus {

/// An error that has nothing to choose from and no time to wait for.
inline tl::unexpected<ServiceError> refusal(Error error) {
  return tl::unexpected(ServiceError{std::move(error), {}, {}});
}

/// One that passes within a moment.
inline tl::unexpected<ServiceError> come_again(Errc code, std::string message, std::string advice) {
  return tl::unexpected(ServiceError{{code, std::move(message), std::move(advice)}, {}, std::chrono::seconds{1}});
}

inline tl::unexpected<ServiceError> disk_is_slow() {
  return come_again(Errc::unavailable, "another change is still being written to disk", "ask again in a moment");
}

/// The disk did not take a change.
inline tl::unexpected<ServiceError> not_written(const Error& error) {
  ServiceError refused{error, {}, {}};
  if (error.code == Errc::unavailable) refused.retry_after = std::chrono::seconds{10};
  return tl::unexpected(std::move(refused));
}

}  // namespace mus
