// SPDX-License-Identifier: Apache-2.0
// Errors are values: Result<T> is tl::expected<T, Error>. Nothing that the rooms export throws.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace mus {

/// What kind of failure; the API maps each to one HTTP status (src/api/problem.cpp).
enum class Errc {
  invalid_argument,  ///< the caller's input is wrong (400)
  unauthorized,      ///< no or wrong credential (401)
  forbidden,         ///< understood and refused (403)
  not_found,         ///< fresh knowledge says that there is no such thing (404)
  ambiguous,         ///< several match; the context lists them (409)
  rate_limited,      ///< (429)
  unavailable,       ///< a source or the scheduler is away just now; try again (503)
  capacity,          ///< a table is full (507)
  unsupported,       ///< this kernel or machine cannot do it
  busy,              ///< another scheduler is attached
  io,                ///< a system call or file failed (500)
  protocol,          ///< the other side sent what we cannot accept (garbage, too large, wrong type)
  internal,          ///< a bug of ours (500)
};

struct Error {
  Errc code = Errc::internal;
  std::string message;  ///< one sentence: what failed
  std::string advice;   ///< one sentence: what to do about it; may be empty
};

template <class T>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(Errc code, std::string message, std::string advice = {}) {
  return tl::unexpected<Error>(Error{code, std::move(message), std::move(advice)});
}

}  // namespace mus
