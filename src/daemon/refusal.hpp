// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "mus/service.hpp"

namespace mus {

/// An error that has nothing to choose from and no time to wait for.
inline tl::unexpected<ServiceError> refusal(Error error) {
  return tl::unexpected(ServiceError{std::move(error), {}, {}});
}

}  // namespace mus
