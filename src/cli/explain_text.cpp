// SPDX-License-Identifier: Apache-2.0
#include "cli/explain_text.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "cli/answer.hpp"

namespace mus {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLevelWidth = 44;  // of 100 columns; the figures need the rest

/// "shop/redis-1/server", or the cgroup's path.
std::string name_of(const Json& who) {
  std::string name;
  for (const char* part : {"namespace", "pod", "container"}) {
    const auto text = text_of(who, part);
    if (!text.empty()) name += (name.empty() ? "" : "/") + printable(text);
  }
  if (!name.empty()) return name;
  const auto path = text_of(who, "cgroup_path");
  return path.empty() ? "cgroup " + printable(text_of(who, "cgroup_id", "?")) : printable(path);
}

std::string cpus(const Json& object, const char* name) {
  return member(object, name).is_number() ? fixed(number_of(object, name), 2) : "-";
}

void print_levels(const Json& levels, std::ostream& out) {
  if (!levels.is_array() || levels.empty()) return;
  std::vector<Row> rows{{"LEVEL", "CPU.WEIGHT", "SIBLINGS", "THEIRS", "SHARE", "LIMIT"}};
  std::size_t depth = 0;
  for (const auto& level : levels) {
    const auto path = printable(text_of(level, "cgroup_path"));
    const auto name = std::string(2 * std::min(depth++, std::size_t{8}), ' ') + path.substr(path.rfind('/') + 1);
    std::string limit = cpus(level, "limit_cpus");
    if (member(level, "limit_lifted") == true) limit += " (lifted)";
    const bool known = member(level, "share_of_level").is_number();
    rows.push_back(
        {shortened(name, kLevelWidth), member(level, "cpu_idle") == true ? "idle" : text_of(level, "cpu_weight", "-"),
         text_of(level, "active_siblings", "-"), known ? fixed(number_of(level, "rivals_cpu_weight"), 0) : "-",
         known ? fixed(100 * number_of(level, "share_of_level"), 1) + "%" : "-", limit});
  }
  out << '\n';
  print_table(rows, out);
}

void print_standings(const Json& now, const Json& then, std::ostream& out) {
  std::vector<Row> rows{{"", "WEIGHT", "FACTOR", "EFFECTIVE CPU.WEIGHT", "ENTITLED", "GETS"}};
  const auto add = [&rows](const char* when, const Json& standing) {
    if (!standing.is_object()) return;
    rows.push_back({when, text_of(standing, "weight"), fixed(number_of(standing, "factor"), 2),
                    fixed(number_of(standing, "effective_cpu_weight"), 1), cpus(standing, "entitled_cpus"),
                    cpus(standing, "cpus")});
  };
  add("now", now);
  add("then", then);
  out << '\n';
  print_table(rows, out);
  out << '\n';
  const auto sentence = [&out](const char* when, const Json& standing) {
    const auto text = text_of(member(standing, "binds"), "sentence");
    if (!text.empty()) out << when << printable(text) << '\n';
  };
  sentence(then.is_object() ? "Now: " : "", now);
  sentence("Then: ", then);
}

}  // namespace

void print_outlook(const Json& answer, std::ostream& out) {
  const auto why = text_of(answer, "forecast");
  if (!why.empty() && why != text_of(answer, "unknown")) out << "no forecast: " << printable(why) << '\n';
  if (const auto& effects = member(answer, "effects"); effects.is_array() && !effects.empty()) {
    std::vector<Row> rows{{"LOSES", "CPUS BEFORE", "AFTER", "REQUEST"}};
    for (const auto& effect : effects) {
      rows.push_back({shortened(name_of(effect), 64), cpus(effect, "cpus_before"), cpus(effect, "cpus_after"),
                      cpus(effect, "request")});
    }
    print_table(rows, out);
  }
  if (const auto& below = member(answer, "below_request"); below.is_array()) {
    for (const auto& one : below) {
      out << "below its request: " << name_of(one) << " gets " << cpus(one, "cpus_after") << " of the "
          << cpus(one, "request") << " CPUs that it requests, " << cpus(one, "short_by") << " too few\n";
    }
  }
  if (const auto& warnings = member(answer, "warnings"); warnings.is_array()) {
    for (const auto& warning : warnings) {
      if (warning.is_string()) out << "warning: " << printable(warning.get<std::string>()) << '\n';
    }
  }
}

void print_explanation(const Json& answer, std::ostream& out) {
  const auto& target = member(answer, "target");
  const auto name = name_of(target);
  const auto path = printable(text_of(target, "cgroup_path"));
  out << name << '\n';
  if (!path.empty() && path != name) out << "  " << path << '\n';
  if (const auto note = text_of(answer, "note"); !note.empty()) out << printable(note) << '\n';
  if (const auto why = text_of(answer, "unknown"); !why.empty())
    out << "shares are not known: " << printable(why) << '\n';
  print_levels(member(answer, "levels"), out);
  const auto& now = member(answer, "now");
  if (now.is_object()) {
    out << '\n'
        << "share of the node " << fixed(100 * number_of(answer, "share"), 1) << "%, " << cpus(answer, "threads")
        << " runnable threads, " << cpus(answer, "node_cpus") << " CPUs";
    if (member(target, "request").is_number()) out << ", request " << cpus(target, "request");
    out << '\n';
    print_standings(now, member(answer, "then"), out);
  }
  print_outlook(answer, out);
  for (const auto& rule : member(answer, "rules")) {
    out << "rule " << printable(text_of(rule, "rule")) << (member(rule, "dry_run") == true ? " (dry run) " : " ")
        << text_of(rule, "state") << ", weight " << text_of(rule, "weight") << ": " << printable(text_of(rule, "why"))
        << '\n';
  }
}

}  // namespace mus
