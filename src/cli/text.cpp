// SPDX-License-Identifier: Apache-2.0
#include "cli/text.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <vector>

#include "cli/answer.hpp"
#include "cli/cells.hpp"

namespace mus {
namespace {

using Json = nlohmann::json;

// Asked for, and what came of it: another boost, set later, may have decided otherwise.
std::string lifted_text(const Json& boost) {
  const bool asked = member(boost, "ignore_limit") == true;
  const auto& applied = member(boost, "applied");
  const auto all = applied.size();
  std::size_t lifted = 0;
  for (const auto& one : applied) lifted += text_of(one, "limits_lifted_from").empty() ? 0 : 1;
  if (!asked && lifted == 0) return "-";
  if (asked && all == 0) return "to lift";
  if (asked && lifted == all) return "lifted";
  return "lifted " + std::to_string(lifted) + "/" + std::to_string(all);
}

std::string set_by(const Json& boost) {
  if (member(boost, "declared") == true) return " (declared by it)";
  const auto rule = text_of(boost, "rule");
  return rule.empty() ? "" : " (rule " + printable(rule) + ")";
}

void print_boosts(const Json& boosts, std::ostream& out) {
  std::vector<Row> rows{{"ID", "WEIGHT", "LIMIT", "LEFT", "CGROUPS", "TARGET"}};
  std::vector<std::string> words;
  for (const auto& boost : boosts) {
    const auto left = duration_of(boost, "expires_in_seconds");
    const auto id = printable(text_of(boost, "id"));
    rows.push_back({id, text_of(boost, "weight"), lifted_text(boost), left.empty() ? "-" : left,
                    std::to_string(member(boost, "applied").size()),
                    target_text(member(boost, "target")) + set_by(boost)});
    if (const auto why = text_of(boost, "pending"); !why.empty())
      words.push_back("pending " + id + ": " + printable(why));
    if (const auto note = text_of(boost, "note"); !note.empty()) words.push_back("note " + id + ": " + printable(note));
  }
  print_table(rows, out);
  for (const auto& line : words) out << line << '\n';
}

void add_enforced(const Json& enforced, std::vector<Row>& rows) {
  if (!enforced.is_object()) return;
  std::string yes;
  for (const auto& [name, value] : enforced.items()) {
    if (value == true) yes += (yes.empty() ? "" : ", ") + printable(name);
  }
  rows.push_back({"enforced:", yes.empty() ? "none" : yes});
  for (const auto& [name, value] : enforced.items()) {
    if (value != true)
      rows.push_back({"not enforced:", printable(name) + ", " + printable(text_of(enforced, name.c_str()))});
  }
}

void add_limits(const Json& limits, std::vector<Row>& rows) {
  if (number_of(limits, "cgroups") <= 0) return;
  rows.push_back({"limits:", text_of(limits, "cgroups") + " cgroup(s), " + throttled_of(limits) +
                                 " of their periods throttled, " + text_of(limits, "forced") + " forced turn(s), " +
                                 text_of(limits, "pardons") + " pardon(s)"});
}

void add_rules(const Json& rules, std::vector<Row>& rows) {
  if (!rules.is_object()) return;
  const auto trouble = text_of(rules, "trouble");
  if (number_of(rules, "count") <= 0 && trouble.empty()) return;
  double acting = 0;
  double unmet = 0;
  for (const auto& rule : member(rules, "states")) {
    acting += number_of(rule, "acting");
    unmet += number_of(rule, "unmet");
  }
  auto line = text_of(rules, "count") + (member(rules, "paused") == true ? ", PAUSED" : ", acting " + fixed(acting, 0));
  if (unmet > 0) line += ", targets not met " + fixed(unmet, 0);
  if (!trouble.empty()) line += "; the file is not in force as it is: " + printable(trouble);
  rows.push_back({"rules:", line});
}

std::string source_text(const Json& source) {
  std::string text = printable(text_of(source, "name", "none"));
  if (const auto age = duration_of(source, "age_seconds"); !age.empty()) text += ", asked " + age + " ago";
  if (const auto error = text_of(source, "last_error"); !error.empty()) text += "; " + printable(error);
  if (const auto note = text_of(source, "note"); !note.empty()) text += "; " + printable(note);
  return text;
}

// The one in use, and what the others say; a daemon of before there were several only has the one.
void add_sources(const Json& status, std::vector<Row>& rows) {
  const auto& sources = member(status, "sources");
  if (!sources.is_array() || sources.size() < 2) {
    rows.push_back({"pods from:", source_text(member(status, "pods_source"))});
    return;
  }
  const auto in_use = [](const Json& source) { return member(source, "in_use") == true; };
  if (std::none_of(sources.begin(), sources.end(), in_use)) rows.push_back({"pods from:", "none so far"});
  for (const auto& source : sources) {
    const bool failed = !text_of(source, "last_error").empty();
    const char* title = in_use(source) ? "pods from:" : failed ? "not from:" : "in reserve:";
    rows.push_back({title, source_text(source)});
  }
}

std::string state_line(const Json& scheduler) {
  const auto state = text_of(scheduler, "state");
  if (state == "attached") {
    return member(scheduler, "dry_run") == true ? "dry run (nothing is attached, policies are kept in memory)"
                                                : "attached";
  }
  std::string line = printable(state);
  if (const auto reason = text_of(scheduler, "reason"); !reason.empty()) line += ": " + printable(reason);
  return line;
}

}  // namespace

void print_status(const Json& status, std::ostream& out) {
  const auto& scheduler = member(status, "scheduler");
  std::vector<Row> rows{{"scheduler:", state_line(scheduler)}};
  if (const auto next = duration_of(scheduler, "next_attempt_in_seconds"); !next.empty()) {
    rows.push_back({"next attempt:", "in " + next});
  }
  if (const auto& ejection = member(scheduler, "last_ejection"); ejection.is_object()) {
    std::string what = printable(text_of(ejection, "kind"));
    if (const auto reason = text_of(ejection, "reason"); !reason.empty()) what += ", " + printable(reason);
    if (const auto message = text_of(ejection, "message"); !message.empty()) what += " (" + printable(message) + ")";
    rows.push_back({"last ejection:", what + ", " + duration_of(ejection, "age_seconds") + " ago; " +
                                          text_of(scheduler, "ejections") + " since start"});
  }
  add_enforced(member(status, "enforced"), rows);
  add_limits(member(status, "limits"), rows);
  add_sources(status, rows);
  if (const auto trouble = text_of(member(status, "state_file"), "trouble"); !trouble.empty()) {
    rows.push_back({"boosts' file:", printable(trouble)});
  }
  add_rules(member(status, "rules"), rows);
  rows.push_back({"kernel:", printable(text_of(status, "kernel"))});
  rows.push_back({"version:", printable(text_of(status, "version")) + ", up " + duration_of(status, "uptime_seconds")});
  print_table(rows, out);
  const auto& boosts = member(status, "boosts");
  if (!boosts.is_array() || boosts.empty()) {
    out << "boosts: none\n";
    return;
  }
  out << '\n';
  print_boosts(boosts, out);
}

void print_pods(const Json& answer, std::ostream& out) {
  std::vector<Row> rows{
      {"NAMESPACE", "POD", "CONTAINER", "WEIGHT", "CPU", "DELAY p50", "p99", "LIMIT", "THROTTLED", "CGROUP"}};
  for (const auto& pod : member(answer, "pods")) {
    const auto& delay = member(pod, "run_delay");
    const auto cpu = member(pod, "cpu_seconds").is_number() ? fixed(number_of(pod, "cpu_seconds"), 1) + "s" : "-";
    const auto& limit = member(pod, "limit");
    rows.push_back({printable(text_of(pod, "namespace")), printable(text_of(pod, "pod")),
                    printable(text_of(pod, "container")), text_of(pod, "weight"), cpu, delay_of(delay, "p50_us"),
                    delay_of(delay, "p99_us"), limit_text(limit), throttled_of(limit),
                    printable(text_of(pod, "cgroup_path", "not found"))});
  }
  print_table(rows, out);
}

void print_boosted(const Json& answer, std::ostream& out) {
  const auto& boost = member(answer, "boost");
  const bool dry_run = member(answer, "dry_run") == true;
  const auto pending = text_of(boost, "pending");
  out << (dry_run                              ? "would boost "
          : member(answer, "replaced") == true ? "replaced: "
          : !pending.empty()                   ? "accepted: "
                                               : "boosted ")
      << target_text(member(boost, "target")) << " to weight " << text_of(boost, "weight");
  if (member(boost, "ignore_limit") == true) out << " without limits";
  if (const auto left = duration_of(boost, "expires_in_seconds"); !left.empty()) out << " for " << left;
  if (const auto id = text_of(boost, "id"); !id.empty()) out << " (" << printable(id) << ")";
  out << '\n';
  for (const auto& applied : member(boost, "applied")) {
    out << "  " << printable(text_of(applied, "cgroup_path")) << '\n';
    if (const auto from = text_of(applied, "limits_lifted_from"); !from.empty()) {
      out << "    no cpu.max from " << printable(from) << " down\n";
    }
  }
  if (!pending.empty()) out << "pending: " << printable(pending) << '\n';
  if (const auto note = text_of(answer, "note"); !note.empty()) out << printable(note) << '\n';
}

void print_removed(const Json& answer, std::ostream& out) {
  const auto& removed = member(answer, "removed");
  if (!removed.is_array() || removed.empty()) {
    out << "there was nothing to take back\n";
    return;
  }
  for (const auto& boost : removed) {
    out << "took back " << printable(text_of(boost, "id")) << ": " << target_text(member(boost, "target")) << '\n';
  }
}

}  // namespace mus
