// SPDX-License-Identifier: Apache-2.0
#include "api/target_request.hpp"

#include <array>
#include <string>
#include <utility>

#include "api/fields.hpp"

namespace mus {
namespace {

constexpr auto kWhatToName =
    "Name one target: pod= (with namespace=, container=, uid=, label= as needed), label=, uid=, cgroup=, unit= or "
    "pid=.";

tl::unexpected<Error> wrong(std::string message, std::string advice) {
  return fail(Errc::invalid_argument, std::move(message), std::move(advice));
}

using TextMember = std::string(Target::*);

struct TextField {
  const char* name;
  TextMember member;
  Result<void> (*check)(std::string_view);
};
constexpr std::array kTextFields{
    TextField{"pod", &Target::pod, check_pod_name},
    TextField{"namespace", &Target::ns, check_namespace},
    TextField{"container", &Target::container, check_container_name},
    TextField{"uid", &Target::uid, check_uid},
    TextField{"label", &Target::label, check_label},
    TextField{"cgroup", &Target::cgroup, check_cgroup_path},
    TextField{"unit", &Target::unit, check_unit_name},
};

Result<Target> read_values(const Parameters& parameters) {
  Target target;
  for (const auto& field : kTextFields) {
    auto value = parameters.text(field.name);
    if (!value) return tl::unexpected(std::move(value.error()));
    if (!*value) continue;
    if (auto good = field.check(**value); !good) return tl::unexpected(std::move(good.error()));
    target.*field.member = std::move(**value);
  }
  auto pid = parameters.number("pid");
  if (!pid) return tl::unexpected(std::move(pid.error()));
  if (*pid) {
    auto number = to_pid(**pid);
    if (!number) return tl::unexpected(std::move(number.error()));
    target.pid = *number;
  }
  auto all = parameters.flag("all");
  if (!all) return tl::unexpected(std::move(all.error()));
  target.all = *all;
  return target;
}

Result<Target> read_target(const Parameters& parameters) {
  auto target = read_values(parameters);
  if (!target) return target;
  const bool kubernetes = !target->pod.empty() || !target->label.empty() || !target->uid.empty();
  std::string kinds;
  int count = 0;
  const auto note = [&](bool given, const char* name, Target::Kind kind) {
    if (!given) return;
    ++count;
    target->kind = kind;
    kinds.append(kinds.empty() ? "" : ", ").append(name);
  };
  note(kubernetes, !target->pod.empty() ? "pod" : !target->label.empty() ? "label" : "uid", Target::Kind::pod);
  note(!target->cgroup.empty(), "cgroup", Target::Kind::cgroup);
  note(!target->unit.empty(), "unit", Target::Kind::unit);
  note(target->pid != 0, "pid", Target::Kind::pid);
  if (count > 1) return wrong("The request names several targets: " + kinds + ".", kWhatToName);
  if (!kubernetes) {
    for (const auto* name : {"namespace", "container", "all"}) {
      if (!parameters.has(name)) continue;
      return wrong(std::string(name) + " goes with pod, label or uid, and none of them is given.", kWhatToName);
    }
  }
  if (count == 0) return wrong("The request names no target.", kWhatToName);
  return target;
}

Result<std::optional<std::uint32_t>> read_weight(const Parameters& parameters) {
  auto text = parameters.number("weight");
  if (!text) return tl::unexpected(std::move(text.error()));
  if (!*text) return std::nullopt;
  const auto value = to_weight(**text);
  if (!value) return tl::unexpected(value.error());
  return *value;
}

}  // namespace

const std::vector<std::string_view>& prioritize_parameters() {
  static const std::vector<std::string_view> names{"pod", "namespace", "container",    "uid", "label",
                                                   "all", "cgroup",    "unit",         "pid", "weight",
                                                   "ttl", "dry_run",   "ignore_limit", "wait"};
  return names;
}

const std::vector<std::string_view>& reset_parameters() {
  static const std::vector<std::string_view> names{"pod", "namespace", "container", "uid", "label",
                                                   "all", "cgroup",    "unit",      "pid"};
  return names;
}

const std::vector<std::string_view>& explain_parameters() {
  static const std::vector<std::string_view> names{"pod",    "namespace", "container", "uid",   "label",
                                                   "cgroup", "unit",      "pid",       "weight"};
  return names;
}

Result<ExplainRequest> to_explain_request(const Parameters& parameters) {
  auto target = read_target(parameters);
  if (!target) return tl::unexpected(std::move(target.error()));
  ExplainRequest request{std::move(*target), {}};
  auto weight = read_weight(parameters);
  if (!weight) return tl::unexpected(std::move(weight.error()));
  request.weight = *weight;
  return request;
}

Result<PrioritizeRequest> to_prioritize_request(const Parameters& parameters) {
  auto target = read_target(parameters);
  if (!target) return tl::unexpected(std::move(target.error()));
  PrioritizeRequest request;
  request.target = std::move(*target);

  auto weight = read_weight(parameters);
  if (!weight) return tl::unexpected(std::move(weight.error()));
  request.weight = weight->value_or(request.weight);
  auto ttl = parameters.text_or_number("ttl");
  if (!ttl) return tl::unexpected(std::move(ttl.error()));
  if (*ttl) {
    const auto value = to_ttl(**ttl);
    if (!value) return tl::unexpected(value.error());
    request.ttl = *value;
  }
  auto wait = parameters.text_or_number("wait");
  if (!wait) return tl::unexpected(std::move(wait.error()));
  if (*wait) {
    const auto value = to_wait(**wait);
    if (!value) return tl::unexpected(value.error());
    request.wait = *value;
  }
  auto dry_run = parameters.flag("dry_run");
  if (!dry_run) return tl::unexpected(std::move(dry_run.error()));
  request.dry_run = *dry_run;
  auto ignore_limit = parameters.flag("ignore_limit");
  if (!ignore_limit) return tl::unexpected(std::move(ignore_limit.error()));
  request.ignore_limit = *ignore_limit;
  return request;
}

Result<ResetRequest> to_reset_request(const Parameters& parameters) {
  bool others = false;
  for (const auto name : reset_parameters()) others = others || (name != "all" && parameters.has(name));
  if (!others && parameters.has("all")) {
    auto all = parameters.flag("all");
    if (!all) return tl::unexpected(std::move(all.error()));
    if (*all) return ResetRequest{true, {}};
    return wrong("all=false alone takes nothing back.", "Name a target, or write all=true for every boost.");
  }
  auto target = read_target(parameters);
  if (!target) {
    if (parameters.empty()) target.error().advice += " Or write all=true to take back every boost.";
    return tl::unexpected(std::move(target.error()));
  }
  return ResetRequest{false, std::move(*target)};
}

}  // namespace mus
