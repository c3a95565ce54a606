// SPDX-License-Identifier: Apache-2.0
// From parameters to the Service's commands: which parameters exist, which go together.
#pragma once

#include <string_view>
#include <vector>

#include "api/parameters.hpp"
#include "mus/result.hpp"
#include "mus/service.hpp"

namespace mus {

/// What DELETE /prioritize asks for.
struct ResetRequest {
  bool everything = false;  ///< only all=true was given
  Target target;
};

[[nodiscard]] const std::vector<std::string_view>& prioritize_parameters();
[[nodiscard]] const std::vector<std::string_view>& reset_parameters();
/// Not `all`: one is explained at a time.
[[nodiscard]] const std::vector<std::string_view>& explain_parameters();

[[nodiscard]] Result<PrioritizeRequest> to_prioritize_request(const Parameters& parameters);
[[nodiscard]] Result<ResetRequest> to_reset_request(const Parameters& parameters);
[[nodiscard]] Result<ExplainRequest> to_explain_request(const Parameters& parameters);

}  // namespace mus
