// SPDX-License-Identifier: Apache-2.0
#include "pods/names.hpp"

#include <algorithm>
#include <cstddef>

namespace mus {
namespace {

bool digit(char c) {
  return c >= '0' && c <= '9';
}
bool lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool alnum(char c) {
  return digit(c) || lower(c) || (c >= 'A' && c <= 'Z');
}

bool all_of(std::string_view text, std::size_t max, auto&& allowed) {
  return text.size() <= max && std::all_of(text.begin(), text.end(), allowed);
}

}  // namespace

bool valid_subdomain(std::string_view name) {
  return !name.empty() && all_of(name, 253, [](char c) { return lower(c) || digit(c) || c == '-' || c == '.'; });
}

bool valid_label_name(std::string_view name) {
  return !name.empty() && all_of(name, 63, [](char c) { return lower(c) || digit(c) || c == '-'; });
}

bool valid_uid(std::string_view uid) {
  return !uid.empty() && all_of(uid, 128, [](char c) { return alnum(c) || c == '-'; });
}

bool valid_label(std::string_view key, std::string_view value) {
  const auto letters = [](char c) { return alnum(c) || c == '-' || c == '_' || c == '.'; };
  return !key.empty() && all_of(key, 317, [&](char c) { return letters(c) || c == '/'; }) && all_of(value, 63, letters);
}

bool valid_container_id(std::string_view id) {
  return id.size() >= 12 && all_of(id, 64, [](char c) { return digit(c) || (c >= 'a' && c <= 'f'); });
}

std::optional<std::string> container_id_of(std::string_view text) {
  const auto colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  const auto runtime = text.substr(0, colon);
  const auto id = text.substr(colon + 3);
  if (!all_of(runtime, 64, [](char c) { return lower(c) || digit(c) || c == '-' || c == '.'; })) return std::nullopt;
  return valid_container_id(id) ? std::optional{std::string{id}} : std::nullopt;
}

}  // namespace mus
