// SPDX-License-Identifier: Apache-2.0
#include "api/explain_json.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "api/json_values.hpp"
#include "api/rules_json.hpp"

namespace mus {
namespace {

using Json = nlohmann::ordered_json;

Json number_or_null(const std::optional<double>& value) {
  return value ? Json(rounded(*value)) : Json(nullptr);
}

void put(Json& out, const char* name, const std::string& value) {
  if (!value.empty()) out[name] = value;
}

Json to_json(const Effect& effect) {
  Json out = Json::object();
  put(out, "namespace", effect.ns);
  put(out, "pod", effect.pod);
  put(out, "container", effect.container);
  out["cgroup_id"] = id_text(effect.cgroup.id);
  out["cgroup_path"] = or_null(effect.cgroup.path);
  out["cpus_before"] = rounded(effect.cpus_before);
  out["cpus_after"] = rounded(effect.cpus_after);
  out["request"] = number_or_null(effect.request);
  return out;
}

const char* word(Binding::Kind kind) {
  switch (kind) {
    case Binding::Kind::nothing:
      return "nothing";
    case Binding::Kind::threads:
      return "threads";
    case Binding::Kind::limit:
      return "cpu.max";
    case Binding::Kind::ceiling:
      return "boost_ceiling";
    case Binding::Kind::share:
      break;
  }
  return "share";
}

Json to_json(const Standing& standing) {
  return {{"weight", standing.weight},
          {"factor", rounded(standing.factor)},
          {"effective_cpu_weight", rounded(standing.effective_weight)},
          {"entitled_cpus", rounded(standing.entitled)},
          {"cpus", rounded(standing.cpus)},
          {"binds",
           {{"kind", word(standing.binds.kind)},
            {"cgroup_path", or_null(standing.binds.path)},
            {"sentence", standing.binds.sentence}}}};
}

Json to_json(const ExplainedLevel& explained) {
  const auto& level = explained.level;
  Json out{{"cgroup_id", id_text(level.cgroup.id)},
           {"cgroup_path", level.cgroup.path},
           {"cpu_weight", level.weight ? Json(*level.weight) : Json(nullptr)},
           {"cpu_idle", level.idle},
           {"limit_cpus", level.limit > 0 ? Json(rounded(level.limit)) : Json(nullptr)}};
  out["limit_lifted"] = explained.lifted;
  out["active_siblings"] = explained.known ? Json(explained.active_siblings) : Json(nullptr);
  out["rivals_cpu_weight"] = explained.known ? Json(rounded(explained.rivals)) : Json(nullptr);
  out["share_of_level"] = explained.known ? Json(rounded(explained.share)) : Json(nullptr);
  return out;
}

Json below_request(const Effect& effect) {
  auto out = to_json(effect);
  out["short_by"] = rounded(effect.request.value_or(0) - effect.cpus_after);
  return out;
}

}  // namespace

void add_outlook(Json& document, const Outlook& outlook) {
  auto effects = Json::array();
  for (const auto& effect : outlook.effects) effects.push_back(to_json(effect));
  auto below = Json::array();
  for (const auto& effect : outlook.below_request) below.push_back(below_request(effect));
  document["forecast"] = or_null(outlook.missing);
  document["effects"] = std::move(effects);
  document["below_request"] = std::move(below);
  document["warnings"] = outlook.warnings;
}

std::string explain_json(const Explanation& explanation) {
  Json out = Json::object();
  auto& target = out["target"] = Json::object();
  put(target, "namespace", explanation.ns);
  put(target, "pod", explanation.pod);
  put(target, "uid", explanation.uid);
  put(target, "container", explanation.container);
  target["cgroup_id"] = id_text(explanation.cgroup.id);
  target["cgroup_path"] = explanation.cgroup.path;
  target["request"] = number_or_null(explanation.request);
  auto& levels = out["levels"] = Json::array();
  for (const auto& level : explanation.levels) levels.push_back(to_json(level));
  const bool known = explanation.now.has_value();
  out["unknown"] = or_null(explanation.missing);
  out["node_cpus"] = known ? Json(rounded(explanation.node_cpus)) : Json(nullptr);
  out["threads"] = known ? Json(rounded(explanation.threads)) : Json(nullptr);
  out["share"] = known ? Json(rounded(explanation.share)) : Json(nullptr);
  out["now"] = explanation.now ? to_json(*explanation.now) : Json(nullptr);
  out["then"] = explanation.then ? to_json(*explanation.then) : Json(nullptr);
  if (explanation.outlook) {
    add_outlook(out, *explanation.outlook);
  } else {
    out["warnings"] = explanation.warnings;
  }
  out["rules"] = rule_words_json(explanation.rules);
  out["note"] = or_null(explanation.note);
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace mus
