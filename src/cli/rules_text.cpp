// SPDX-License-Identifier: Apache-2.0
#include "cli/rules_text.hpp"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <vector>

#include "cli/answer.hpp"
#include "cli/cells.hpp"

namespace mus {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 20U;

constexpr const char* kRulesFooter =
    "Examples:\n"
    "  mus-scheduler rules                              which rules there are, and what they do\n"
    "  mus-scheduler rules --set rules.json --dry-run   is that file right?\n"
    "  mus-scheduler rules --set rules.json             these rules from now on\n"
    "  mus-scheduler rules --pause                      the kill switch: all that rules have boosted is 1024 again\n"
    "How rules are written: docs/rules.md, or GET /rules/schema.json.";

std::string who(const nlohmann::json& subject) {
  const auto pod = text_of(subject, "pod");
  if (pod.empty()) return printable(text_of(subject, "cgroup_path"));
  const auto container = text_of(subject, "container");
  return printable(text_of(subject, "namespace") + "/" + pod + (container.empty() ? "" : ", container " + container));
}

}  // namespace

void add_rules_options(CLI::App& app, Command& command) {
  auto* pause = app.add_flag("--pause", command.pause_rules, "Take back all that rules have boosted; do nothing more");
  auto* resume = app.add_flag("--resume", command.resume_rules, "Rules go on");
  auto* set = app.add_option("--set", command.rules_file,
                             "Rules of this file instead of the present ones ('-': standard input)");
  app.add_flag("--dry-run", command.dry_run, "With --set: only check them")->needs(set);
  pause->excludes(resume)->excludes(set);
  resume->excludes(set);
  app.footer(kRulesFooter);
}

Result<std::string> read_rules_file(const std::string& path) {
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file) return fail(Errc::io, path + " cannot be opened: " + std::strerror(errno));
  }
  auto& in = path == "-" ? std::cin : file;
  std::string text(kMostBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMostBytes) return fail(Errc::invalid_argument, path + " is larger than a megabyte");
  return text;
}

void print_rules(const nlohmann::json& answer, std::ostream& out) {
  const auto file = text_of(answer, "file");
  if (file.empty()) {
    out << "this daemon runs without rules (--rules off)\n";
    return;
  }
  if (member(answer, "paused") == true) out << "PAUSED: rules do nothing until 'mus-scheduler rules --resume'\n";
  if (const auto trouble = text_of(answer, "trouble"); !trouble.empty()) {
    out << printable(file) << " is not in force as it is now: " << printable(trouble) << '\n';
  }
  if (number_of(answer, "count") == 0) {
    out << "no rules; they come from " << printable(file) << '\n';
    return;
  }
  const auto& states = member(answer, "states");
  if (!states.is_array() || states.empty()) {
    out << text_of(answer, "count") << " rule(s) from " << printable(file) << ", none of which has been followed yet\n";
    return;
  }
  std::vector<Row> rows{{"RULE", "KIND", "MATCHES", "ACTING", "UNMET", "FIRED", "NOTE"}};
  for (const auto& rule : states) {
    rows.push_back({printable(text_of(rule, "name")),
                    text_of(rule, "kind") + (member(rule, "dry_run") == true ? ", dry run" : ""),
                    text_of(rule, "matches"), text_of(rule, "acting"), text_of(rule, "unmet"), text_of(rule, "fired"),
                    printable(text_of(rule, "note"))});
  }
  print_table(rows, out);
  std::vector<Row> subjects{{"RULE", "STATE", "WEIGHT", "SINCE", "WHO", "WHY"}};
  for (const auto& rule : states) {
    for (const auto& subject : member(rule, "subjects")) {
      subjects.push_back({printable(text_of(rule, "name")), text_of(subject, "state"), text_of(subject, "weight"),
                          duration_of(subject, "seconds"), who(subject), printable(text_of(subject, "why"))});
    }
  }
  if (subjects.size() == 1) return;
  out << '\n';
  print_table(subjects, out);
}

}  // namespace mus
