// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/answer.hpp"
#include "cli/client.hpp"
#include "mus/version.hpp"

namespace mus {
namespace {

const char* word(CheckItem::Level level) {
  switch (level) {
    case CheckItem::Level::ok:
      return "ok";
    case CheckItem::Level::warning:
      return "warning";
    case CheckItem::Level::failure:
      break;
  }
  return "failure";
}

}  // namespace

int print_check(const std::vector<CheckItem>& items, bool json, std::ostream& out) {
  const bool failed =
      std::any_of(items.begin(), items.end(), [](const auto& item) { return item.level == CheckItem::Level::failure; });
  if (json) {
    auto rows = nlohmann::ordered_json::array();
    for (const auto& item : items) {
      rows.push_back(
          {{"name", item.name}, {"level", word(item.level)}, {"detail", item.detail}, {"advice", item.advice}});
    }
    out << nlohmann::ordered_json{{"ok", !failed}, {"checks", rows}}.dump(2, ' ', false,
                                                                          nlohmann::json::error_handler_t::replace)
        << '\n';
    return failed ? 1 : 0;
  }
  std::size_t width = 0;
  for (const auto& item : items) width = std::max(width, item.name.size());
  for (const auto& item : items) {
    out << padded(word(item.level), 7) << "  " << padded(item.name, width) << "  " << printable(item.detail) << '\n';
    if (!item.advice.empty()) out << std::string(11 + width, ' ') << "-> " << printable(item.advice) << '\n';
  }
  out << (failed ? "This node cannot run mus-scheduler as it is.\n" : "This node can run mus-scheduler.\n");
  return failed ? 1 : 0;
}

int print_version(std::ostream& out) {
  out << "mus-scheduler " << kVersion << " (" << kGitRevision << ")\n"
      << "for Linux 6.12 and later with sched_ext, amd64, statically linked\n";
  return 0;
}

}  // namespace mus
