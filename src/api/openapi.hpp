// SPDX-License-Identifier: Apache-2.0
// The API's description, openapi.json.in, as it is built in.
#pragma once

#include <string_view>

namespace mus {
/// OpenAPI 3.1, as JSON.
extern const std::string_view kOpenApi;
}  // namespace mus
