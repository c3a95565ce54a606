// SPDX-License-Identifier: Apache-2.0
#include "pods/log_link.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "pods/names.hpp"

namespace mus {
namespace {

/// What is before the first `separator`, taken away together with it; none without one.
std::optional<std::string_view> take_until(std::string_view& text, char separator) {
  const auto at = text.find(separator);
  if (at == std::string_view::npos) return std::nullopt;
  const auto part = text.substr(0, at);
  text.remove_prefix(at + 1);
  return part;
}

/// What is behind the last `separator`, taken away together with it; all of it without one.
std::string_view take_last(std::string_view& text, char separator) {
  const auto at = text.rfind(separator);
  const auto part = at == std::string_view::npos ? text : text.substr(at + 1);
  text = at == std::string_view::npos ? std::string_view{} : text.substr(0, at);
  return part;
}

bool take_log_suffix(std::string_view& text) {
  constexpr std::string_view suffix = ".log";
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

bool whole_id(std::string_view id) {
  constexpr std::size_t digits = 64;  // of all runtimes; a shorter one was cut off
  return id.size() == digits && id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

std::optional<LogLink> parse_log_link(std::string_view name, std::string_view target) {
  LogLink link;
  // "_" is in none of the names.
  if (!take_log_suffix(name)) return std::nullopt;
  const auto pod = take_until(name, '_');
  const auto ns = take_until(name, '_');
  if (!pod || !ns) return std::nullopt;
  link.pod = *pod;
  link.ns = *ns;
  link.id = take_last(name, '-');
  link.container = name;
  if (!valid_subdomain(link.pod) || !valid_label_name(link.ns) || !valid_label_name(link.container))
    return std::nullopt;
  if (!whole_id(link.id)) return std::nullopt;

  auto number = take_last(target, '/');
  if (!take_log_suffix(number)) return std::nullopt;
  const auto [stop, wrong] = std::from_chars(number.data(), number.data() + number.size(), link.restart);
  if (wrong != std::errc{} || stop != number.data() + number.size()) return std::nullopt;
  if (take_last(target, '/') != link.container) return std::nullopt;
  auto directory = take_last(target, '/');
  if (take_until(directory, '_') != link.ns || take_until(directory, '_') != link.pod) return std::nullopt;
  if (!valid_uid(directory)) return std::nullopt;
  link.uid = directory;
  return link;
}

}  // namespace mus
