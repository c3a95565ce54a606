// SPDX-License-Identifier: Apache-2.0
// The dashboard, whole in one document: its script and style are in it, and it asks for nothing but the API.
#pragma once

#include <string_view>

namespace mus {

extern const std::string_view kPage;

/// For Content-Security-Policy: that script and that style, and no other, by their hashes (CSP level 2, "hash-source").
extern const std::string_view kPagePolicy;

}  // namespace mus
