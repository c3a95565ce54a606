// SPDX-License-Identifier: Apache-2.0
#include "api/parameters.hpp"

#include <algorithm>
#include <utility>

#include "api/fields.hpp"

namespace mus {
namespace {

bool is_json(std::string_view content_type) {
  auto type = std::string(content_type.substr(0, content_type.find(';')));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.pop_back();
  std::ranges::transform(type, type.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return type == "application/json";
}

std::string list(const std::vector<std::string_view>& names) {
  std::string out;
  for (const auto name : names) out.append(out.empty() ? "" : ", ").append(name);
  return out;
}

Problem refused(std::string message, std::string advice) {
  return to_problem(Error{Errc::invalid_argument, std::move(message), std::move(advice)});
}

}  // namespace

tl::expected<Parameters, Problem> Parameters::read(const HttpRequest& request,
                                                   const std::vector<std::string_view>& known) {
  Parameters out;
  const bool has_body = request.body.find_first_not_of(" \t\r\n") != std::string::npos;
  if (has_body && !is_json(request.header("content-type"))) {
    return tl::unexpected(
        http_problem(415, "The body is not declared as JSON.",
                     "Send Content-Type: application/json, or no body and the parameters in the query."));
  }
  if (has_body && !request.query.empty()) {
    return tl::unexpected(refused("The request has parameters in its query (" + shown(request.query.front().first) +
                                      (request.query.size() > 1 ? " and more" : "") + ") and in its body.",
                                  "Send all of them in one place."));
  }
  if (has_body) {
    auto parsed = parse_json_body(request.body);
    if (!parsed) return tl::unexpected(to_problem(parsed.error()));
    out.all_ = std::move(*parsed);
  } else {
    for (const auto& [name, value] : request.query) out.all_.push_back({name, value, Parameter::Type::query});
  }
  for (auto it = out.all_.begin(); it != out.all_.end(); ++it) {
    if (std::ranges::find(known, it->name) == known.end()) {
      return tl::unexpected(refused("There is no parameter " + shown(it->name) + " here.",
                                    known.empty() ? "This call takes none." : "This call knows " + list(known) + "."));
    }
    if (std::any_of(out.all_.begin(), it, [&](const Parameter& p) { return p.name == it->name; })) {
      return tl::unexpected(refused("The parameter " + shown(it->name) + " is given more than once.", "Give it once."));
    }
  }
  return out;
}

tl::expected<Parameters, Problem> Parameters::read_query(const HttpRequest& request,
                                                         const std::vector<std::string_view>& known) {
  HttpRequest query;
  query.query = request.query;
  return read(query, known);
}

tl::expected<void, Problem> Parameters::check_document(const HttpRequest& request) {
  if (is_json(request.header("content-type"))) return {};
  return tl::unexpected(http_problem(415, "The body is not declared as JSON.",
                                     "Send Content-Type: application/json, and the whole document as the body."));
}

const Parameter* Parameters::find(std::string_view name) const {
  const auto it = std::ranges::find_if(all_, [&](const Parameter& p) { return p.name == name; });
  return it == all_.end() ? nullptr : &*it;
}

Result<std::optional<std::string>> Parameters::typed(std::string_view name,
                                                     std::initializer_list<Parameter::Type> types,
                                                     std::string_view wanted) const {
  const auto* found = find(name);
  if (found == nullptr) return std::nullopt;
  if (std::ranges::find(types, found->type) != types.end()) return found->value;
  return fail(Errc::invalid_argument, "The parameter " + shown(name) + " has the wrong type.",
              "Give it as " + std::string(wanted) + ".");
}

Result<std::optional<std::string>> Parameters::text(std::string_view name) const {
  return typed(name, {Parameter::Type::query, Parameter::Type::text}, "a string");
}

Result<std::optional<std::string>> Parameters::number(std::string_view name) const {
  return typed(name, {Parameter::Type::query, Parameter::Type::number}, "a number");
}

Result<std::optional<std::string>> Parameters::text_or_number(std::string_view name) const {
  return typed(name, {Parameter::Type::query, Parameter::Type::text, Parameter::Type::number}, "a string or a number");
}

Result<bool> Parameters::flag(std::string_view name) const {
  auto value = typed(name, {Parameter::Type::query, Parameter::Type::boolean}, "true or false");
  if (!value) return tl::unexpected(std::move(value.error()));
  if (!*value || **value == "false") return false;
  if (**value == "true") return true;
  return fail(Errc::invalid_argument, std::string(name) + "=" + shown(**value) + " is neither true nor false.",
              "Write " + std::string(name) + "=true, or leave it out.");
}

}  // namespace mus
