// SPDX-License-Identifier: Apache-2.0
// The parameters of a request: from its query or from its body, never both, each known and each once.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/json_body.hpp"
#include "api/problem.hpp"
#include "mus/http.hpp"
#include "mus/result.hpp"

namespace mus {

class Parameters {
 public:
  /// Refuses a body that is not JSON (415), query and body together, unknown and repeated names (400).
  static tl::expected<Parameters, Problem> read(const HttpRequest& request, const std::vector<std::string_view>& known);

  /// For calls whose body is a document of its own: parameters come in the query alone.
  static tl::expected<Parameters, Problem> read_query(const HttpRequest& request,
                                                      const std::vector<std::string_view>& known);
  /// A document was sent, as JSON (415).
  static tl::expected<void, Problem> check_document(const HttpRequest& request);

  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }
  [[nodiscard]] bool empty() const { return all_.empty(); }

  // Each: empty optional when absent, an error naming the parameter when it has the wrong type.
  [[nodiscard]] Result<std::optional<std::string>> text(std::string_view name) const;
  [[nodiscard]] Result<std::optional<std::string>> number(std::string_view name) const;
  [[nodiscard]] Result<std::optional<std::string>> text_or_number(std::string_view name) const;
  [[nodiscard]] Result<bool> flag(std::string_view name) const;  ///< false when absent

 private:
  [[nodiscard]] const Parameter* find(std::string_view name) const;
  [[nodiscard]] Result<std::optional<std::string>> typed(std::string_view name,
                                                         std::initializer_list<Parameter::Type> types,
                                                         std::string_view wanted) const;

  std::vector<Parameter> all_;
};

}  // namespace mus
