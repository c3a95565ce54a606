// SPDX-License-Identifier: Apache-2.0
// Which names and paths we deal with at all.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace mus {

/// One component. ASCII without control characters, because names reach logs, terminals and JSON.
[[nodiscard]] inline bool plain_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), [](char c) { return c >= ' ' && c <= '~' && c != '/'; });
}

/// "/" or "/a/b": absolute, no empty part, no "." or "..", no "/" at the end.
[[nodiscard]] inline bool plain_path(std::string_view path) {
  if (path.size() > 4000 || !path.starts_with('/')) return false;
  if (path == "/") return true;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto name = path.substr(0, path.find('/'));
    if (!plain_name(name)) return false;
    path.remove_prefix(name.size());
  }
  return true;
}

[[nodiscard]] inline std::string_view last_component(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace mus
