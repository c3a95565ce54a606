// SPDX-License-Identifier: Apache-2.0
#include "api/rules_json.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "api/json_values.hpp"

namespace mus {
namespace {

using RulesJson = nlohmann::ordered_json;

RulesJson to_json(const RuledSubject& subject) {
  auto out = RulesJson::object();
  const auto put = [&out](const char* name, const std::string& value) {
    if (!value.empty()) out[name] = value;
  };
  put("namespace", subject.ns);
  put("pod", subject.pod);
  put("uid", subject.uid);
  put("container", subject.container);
  out["cgroup_id"] = id_text(subject.cgroup.id);
  out["cgroup_path"] = subject.cgroup.path;
  out["state"] = ruled_word(subject.state);
  out["weight"] = subject.weight;
  out["why"] = subject.why;
  out["seconds"] = static_cast<double>(subject.lasting.count()) / 1000;
  return out;
}

RulesJson to_json(const RuleStatus& rule, bool with_subjects) {
  RulesJson out{{"name", rule.name},       {"kind", rule.target ? "target" : "condition"},
                {"dry_run", rule.dry_run}, {"matches", rule.matches},
                {"acting", rule.acting},   {"unmet", rule.unmet},
                {"fired", rule.fired},     {"note", or_null(rule.note)}};
  if (!with_subjects) return out;
  auto& subjects = out["subjects"] = RulesJson::array();
  for (const auto& subject : rule.subjects) subjects.push_back(to_json(subject));
  return out;
}

RulesJson summary(const RulesSnapshot& rules, bool with_subjects) {
  auto states = RulesJson::array();
  for (const auto& rule : rules.states) states.push_back(to_json(rule, with_subjects));
  return {{"file", or_null(rules.path)},
          {"paused", rules.paused},
          {"trouble", or_null(rules.trouble)},
          {"count", rules.rules},
          {"states", std::move(states)}};
}

}  // namespace

std::string rules_json(const RulesSnapshot& rules) {
  auto out = summary(rules, true);
  // It was accepted, so it is JSON.
  out["document"] = rules.document.empty() ? RulesJson(nullptr) : RulesJson::parse(rules.document, nullptr, false);
  return out.dump(2, ' ', false, RulesJson::error_handler_t::replace) + "\n";
}

RulesJson rules_summary_json(const RulesSnapshot& rules) {
  return summary(rules, false);
}

RulesJson rule_words_json(const std::vector<RuleWord>& words) {
  auto out = RulesJson::array();
  for (const auto& word : words) {
    out.push_back({{"rule", word.rule},
                   {"state", ruled_word(word.state)},
                   {"dry_run", word.dry_run},
                   {"weight", word.weight},
                   {"why", word.why}});
  }
  return out;
}

}  // namespace mus
