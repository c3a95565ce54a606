// SPDX-License-Identifier: Apache-2.0
#include "core/enforcement.hpp"

#include <algorithm>

namespace mus {
namespace {

bool is_tolerated(const Enforcement& setting, const std::vector<std::string>& allowed) {
  return setting.enforced || setting.chosen || std::find(allowed.begin(), allowed.end(), setting.name) != allowed.end();
}

std::string list(const std::string& so_far, const std::string& next, const char* separator) {
  return so_far.empty() ? next : so_far + separator + next;
}

}  // namespace

std::vector<Enforcement> without_controller(std::vector<Enforcement> settings, const Error& why) {
  for (auto& setting : settings) {
    if (setting.chosen) continue;
    setting.enforced = false;
    setting.detail = why.message;
    setting.advice = why.advice;
  }
  return settings;
}

std::vector<Enforcement> none_enforced(const std::string& why) {
  return {{"cpu.weight", false, why}, {"cpu.max", false, why}, {"cpu.idle", false, why}};
}

std::vector<CheckItem> to_check_items(const std::vector<Enforcement>& settings,
                                      const std::vector<std::string>& allowed) {
  std::vector<CheckItem> items;
  for (const auto& setting : settings) {
    CheckItem item{setting.name, CheckItem::Level::ok, {}, {}};
    if (setting.enforced) {
      item.detail = setting.detail.empty() ? "enforced" : setting.detail;
    } else {
      item.level = is_tolerated(setting, allowed) ? CheckItem::Level::warning : CheckItem::Level::failure;
      item.detail = "not enforced: " + setting.detail;
      item.advice = setting.advice;
      if (item.level == CheckItem::Level::failure) {
        item.advice = list(item.advice, "or accept that with --allow-unenforced " + setting.name, "; ");
      }
    }
    items.push_back(std::move(item));
  }
  return items;
}

std::optional<Error> find_refusal(const std::vector<Enforcement>& settings, const std::vector<std::string>& allowed) {
  std::string names;
  std::string reasons;
  std::string advice;
  for (const auto& setting : settings) {
    if (is_tolerated(setting, allowed)) continue;
    names = list(names, setting.name, ",");
    // Without the controller all three have the same one.
    if (reasons.find(setting.detail) == std::string::npos) reasons = list(reasons, setting.detail, "; ");
    if (advice.find(setting.advice) == std::string::npos) advice = list(advice, setting.advice, "; ");
  }
  if (names.empty()) return std::nullopt;
  return Error{Errc::unsupported, names + " cannot be enforced here: " + reasons,
               list(advice, "or accept that with --allow-unenforced " + names, "; ")};
}

std::string enforced_summary(const std::vector<Enforcement>& settings) {
  std::string yes;
  std::string no;
  for (const auto& setting : settings) {
    const std::string word = setting.detail.empty() ? setting.name : setting.name + " (" + setting.detail + ")";
    (setting.enforced ? yes : no) = list(setting.enforced ? yes : no, word, ", ");
  }
  if (yes.empty()) return "not enforced: " + no;
  return "enforced: " + yes + (no.empty() ? "" : "; not enforced: " + no);
}

}  // namespace mus
