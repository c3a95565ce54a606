// SPDX-License-Identifier: Apache-2.0
#include "daemon/rules_format.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <initializer_list>
#include <set>
#include <string>
#include <utility>

#include "core/desired.hpp"
#include "core/target_rules.hpp"
#include "daemon/lined_json.hpp"
#include "mus/abi.h"
#include "mus/duration.hpp"

namespace mus {
namespace {

using namespace std::chrono_literals;
using Kind = LinedJson::Kind;

constexpr auto kLongestLasting = 1h;
constexpr auto kLongestCoolDown = 24h;
constexpr double kShortestDelayUs = 50;
constexpr double kLongestDelayUs = 1e6;

/// The first thing that is wrong. What is read after it is not used.
class Complaint {
 public:
  std::string about;  ///< comes before it: "rule web: "

  void say(std::size_t line, const std::string& what) {
    if (text_.empty()) text_ = "line " + std::to_string(line) + ": " + about + what;
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

bool of_letters(std::string_view text, std::string_view more) {
  return !text.empty() && text.size() <= 253 && std::ranges::all_of(text, [more](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           more.find(c) != std::string_view::npos;
  });
}

/// One object, field by field: what nobody asks for is unknown.
class Fields {
 public:
  Fields(Complaint& complaint, const LinedJson& object, std::string name)
      : wrong_(complaint), object_(object), name_(std::move(name)) {
    if (object.kind != Kind::object)
      wrong_.say(object.line, name_ + " is " + kind_text(object.kind) + ", not an object");
  }

  const LinedJson* take(const char* name, Kind kind) {
    known_.insert(name);
    const auto* found = object_.find(name);
    if (found != nullptr && found->kind != kind) {
      wrong_.say(found->line, called(name) + " is " + kind_text(found->kind) + ", not " + kind_text(kind));
      return nullptr;
    }
    return found;
  }
  const LinedJson* any(const char* name) {
    known_.insert(name);
    return object_.find(name);
  }
  std::string text(const char* name, const char* more, const char* wanted) {
    const auto* found = take(name, Kind::text);
    if (found == nullptr) return {};
    if (!of_letters(found->text, more)) wrong_.say(found->line, called(name) + " is no " + wanted);
    return found->text;
  }
  bool flag(const char* name) {
    const auto* found = take(name, Kind::boolean);
    return found != nullptr && found->flag;
  }
  double number(const char* name, double low, double high, double otherwise) {
    const auto* found = take(name, Kind::number);
    if (found == nullptr) return otherwise;
    if (found->number < low || found->number > high) {
      wrong_.say(found->line, called(name) + " is not between " + plain(low) + " and " + plain(high));
      return otherwise;
    }
    return found->number;
  }
  std::uint32_t whole(const char* name, std::uint32_t low, std::uint32_t high, std::uint32_t otherwise) {
    const double value = number(name, low, high, otherwise);
    if (value != std::floor(value)) wrong_.say(object_.find(name)->line, called(name) + " is no whole number");
    return static_cast<std::uint32_t>(value);
  }
  std::optional<std::chrono::milliseconds> duration(const char* name, std::chrono::milliseconds most) {
    const auto* found = any(name);
    if (found == nullptr) return std::nullopt;
    const auto value = to_duration(*found, name);
    if (value > most) wrong_.say(found->line, called(name) + " is longer than " + to_text(most));
    return value;
  }
  std::chrono::milliseconds to_duration(const LinedJson& value, const char* name) const {
    if (value.kind == Kind::text) {
      if (const auto read = parse_duration(value.text)) return *read;
    }
    wrong_.say(value.line, called(name) + " is no duration, like \"500ms\", \"10s\" or \"5m\"");
    return {};
  }
  /// The line of a field that is there, for what is wrong with its value.
  [[nodiscard]] std::size_t line(const char* name) const {
    const auto* found = object_.find(name);
    return found != nullptr ? found->line : object_.line;
  }
  [[nodiscard]] std::string called(const char* name) const { return name_.empty() ? name : name_ + "." + name; }
  void finish() const {
    for (const auto& [name, value] : object_.members) {
      if (known_.contains(name)) continue;
      std::string all;
      for (const auto& one : known_) all += (all.empty() ? "" : ", ") + one;
      wrong_.say(value.line, (name_.empty() ? std::string("there is") : name_ + " has") + " no field " +
                                 (of_letters(name, "_") ? name : "like this") + "; known are " + all);
    }
  }

 private:
  static std::string plain(double value) {
    auto text = std::to_string(value);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
  }

  Complaint& wrong_;
  const LinedJson& object_;
  std::string name_;
  std::set<std::string> known_;
};

Selector read_selector(Complaint& wrong, const LinedJson& json, const std::string& name) {
  Fields fields(wrong, json, name);
  Selector out;
  out.ns = fields.text("namespace", "", "namespace");
  out.pod = fields.text("pod", "*?", "pod's name, with * and ? for parts of it");
  out.container = fields.text("container", "", "container's name");
  for (const auto& [field, member] : {std::pair{"label", &Selector::label}, std::pair{"unit", &Selector::unit},
                                      std::pair{"cgroup", &Selector::cgroup}}) {
    const auto* found = fields.take(field, Kind::text);
    if (found == nullptr) continue;
    const auto odd = [](char c) { return c <= ' ' || c > '~'; };
    if (found->text.empty() || found->text.size() > 4000 || std::ranges::any_of(found->text, odd)) {
      wrong.say(found->line, fields.called(field) + " is empty, or has characters that it cannot have");
    }
    out.*member = found->text;
  }
  fields.finish();
  if (!out.label.empty() && (out.label.find('=') == std::string::npos || out.label.front() == '=')) {
    wrong.say(fields.line("label"), fields.called("label") + " is not like key=value");
  }
  const bool pods = !out.ns.empty() || !out.pod.empty() || !out.label.empty() || !out.container.empty();
  const int kinds = int{pods} + int{!out.unit.empty()} + int{!out.cgroup.empty()};
  if (kinds != 1) {
    wrong.say(json.line, name + (kinds == 0 ? " names nobody" : " names several kinds") +
                             std::string(": of pods (namespace, pod, label, container), unit and cgroup it wants one"));
  }
  Target target;
  target.kind = out.of_pods() ? Target::Kind::pod : !out.unit.empty() ? Target::Kind::unit : Target::Kind::cgroup;
  target.unit = out.unit;
  target.cgroup = out.cgroup;
  if (target.kind != Target::Kind::pod) {
    target = normalized(std::move(target));
    if (const auto good = check_target(target); !good) wrong.say(json.line, name + ": " + good.error().message);
    out.unit = target.unit;
    out.cgroup = target.cgroup;
  }
  return out;
}

Signal read_signal(Fields& fields, Complaint& wrong) {
  const auto* found = fields.take("signal", Kind::text);
  std::string all;
  for (std::size_t i = 0; i < kSignals; ++i) {
    const auto signal = static_cast<Signal>(i);
    if (found != nullptr && found->text == signal_word(signal)) return signal;
    all.append(i == 0 ? "" : ", ").append(signal_word(signal));
  }
  wrong.say(fields.line("signal"), fields.called("signal") + " is to be one of " + all);
  return Signal::cpu_use;
}

bool is_delay(Signal signal) {
  return signal == Signal::run_delay_p50 || signal == Signal::run_delay_p99;
}

bool is_part(Signal signal) {
  return signal == Signal::cpu_pressure || signal == Signal::cpu_of_limit || signal == Signal::throttled;
}

/// `above` or `below`, whichever there is; none: neither.
std::optional<Comparison> read_comparison(Fields& fields, Signal signal, Complaint& wrong) {
  const auto* above = fields.any("above");
  const auto* below = fields.any("below");
  if (above != nullptr && below != nullptr) {
    wrong.say(below->line, fields.called("below") + " beside " + fields.called("above") + ": one of them");
  }
  const auto* found = above != nullptr ? above : below;
  if (found == nullptr) return std::nullopt;
  const char* name = above != nullptr ? "above" : "below";
  Comparison out{above != nullptr, 0};
  if (is_delay(signal)) {
    out.threshold = static_cast<double>(fields.to_duration(*found, name).count()) * 1000;
  } else if (found->kind != Kind::number || !(found->number >= 0) || found->number > 1e15) {
    wrong.say(found->line, fields.called(name) + " is to be a number, 0 or more");
  } else {
    out.threshold = found->number;
  }
  if (is_part(signal) && out.threshold > 1) {
    wrong.say(found->line, fields.called(name) + " is a part, 0 to 1: 0.2 is 20 %");
  }
  return out;
}

void read_condition(Complaint& wrong, Fields& rule, const LinedJson& json, Rule& out) {
  Fields fields(wrong, json, "when");
  Condition when;
  when.signal = read_signal(fields, wrong);
  const auto is = read_comparison(fields, when.signal, wrong);
  when.lasting = fields.duration("for", kLongestLasting).value_or(0ms);
  if (const auto* of = fields.any("of")) when.of = read_selector(wrong, *of, "when.of");
  fields.finish();
  if (!is) return wrong.say(json.line, "when says neither above nor below");
  when.is = *is;
  out.until.is = {!when.is.above, when.is.threshold};
  if (const auto* until = rule.any("until")) {
    Fields ends(wrong, *until, "until");
    const auto other = read_comparison(ends, when.signal, wrong);
    out.until.lasting = ends.duration("for", kLongestLasting).value_or(out.until.lasting);
    ends.finish();
    if (other) out.until.is = *other;
    if (out.until.is.above == when.is.above) {
      wrong.say(until->line, std::string("until is to say ") + (when.is.above ? "below" : "above") +
                                 ", where when says " + (when.is.above ? "above" : "below"));
    }
    const bool apart =
        when.is.above ? out.until.is.threshold <= when.is.threshold : out.until.is.threshold >= when.is.threshold;
    if (!apart) wrong.say(until->line, "until would hold while when does: the two thresholds overlap");
  }
  if (rule.any("weight") == nullptr) wrong.say(json.line, "a rule with when wants a weight");
  out.weight = rule.whole("weight", MUS_WEIGHT_MIN, MUS_WEIGHT_MAX, 0);
  if (out.weight == MUS_WEIGHT_ONE) wrong.say(rule.line("weight"), "weight 1024 is what it has anyway");
  out.ttl = rule.duration("ttl", kLongestTtl);
  if (out.ttl && *out.ttl < 1s) wrong.say(rule.line("ttl"), "ttl is shorter than 1s");
  out.cool_down = rule.duration("cool_down", kLongestCoolDown).value_or(out.cool_down);
  out.when = std::move(when);
}

DelayTarget read_target(Complaint& wrong, Fields& rule, const LinedJson& json) {
  for (const auto* other : {"until", "weight", "ttl", "cool_down"}) {
    if (rule.any(other) != nullptr)
      wrong.say(rule.line(other), std::string(other) + " goes with when, not with target");
  }
  Fields fields(wrong, json, "target");
  DelayTarget out;
  const auto* bound = fields.any("run_delay_p99");
  if (bound == nullptr) {
    wrong.say(json.line, "target lacks run_delay_p99, like \"2ms\"");
    return out;
  }
  out.p99_us = static_cast<double>(fields.to_duration(*bound, "run_delay_p99").count()) * 1000;
  if (out.p99_us < kShortestDelayUs || out.p99_us > kLongestDelayUs) {
    wrong.say(bound->line, "target.run_delay_p99 is not between 1ms and 1s");
  }
  out.min = fields.whole("min", MUS_WEIGHT_ONE + 1, MUS_WEIGHT_MAX, out.min);
  out.max = fields.whole("max", MUS_WEIGHT_ONE + 1, MUS_WEIGHT_MAX, out.max);
  fields.finish();
  if (out.min > out.max) wrong.say(json.line, "target.min is above target.max");
  return out;
}

Rule read_rule(Complaint& wrong, const LinedJson& json) {
  Fields fields(wrong, json, "");
  Rule out;
  out.name = fields.text("name", "_", "name: small letters, digits, - _ .");
  if (out.name.empty() || out.name.size() > 63) wrong.say(json.line, "a rule wants a name, of 63 characters at most");
  const auto* about = fields.any("for");
  if (about == nullptr) wrong.say(json.line, "for is missing: whom it is about");
  if (about != nullptr) out.about = read_selector(wrong, *about, "for");
  out.dry_run = fields.flag("dry_run");
  const auto* when = fields.any("when");
  const auto* target = fields.any("target");
  if ((when == nullptr) == (target == nullptr)) wrong.say(json.line, "it wants either when or target");
  if (when != nullptr) read_condition(wrong, fields, *when, out);
  if (target != nullptr) out.target = read_target(wrong, fields, *target);
  for (const auto* name : {"until", "weight", "ttl", "cool_down"}) (void)fields.any(name);
  fields.finish();
  return out;
}

RuleSet read_all(Complaint& wrong, const LinedJson& json) {
  Fields fields(wrong, json, "");
  RuleSet out;
  (void)fields.any("$schema");
  const auto* rules = fields.take("rules", Kind::list);
  if (rules == nullptr) {
    wrong.say(json.line, "there is no list called rules");
    return out;
  }
  if (rules->items.size() > RuleSet::kMostRules) {
    wrong.say(rules->line, "there are more than " + std::to_string(RuleSet::kMostRules) + " rules");
  }
  if (const auto* limits = fields.any("limits")) {
    Fields most(wrong, *limits, "limits");
    out.most_boosts = most.whole("boosts", 1, MUS_MAX_POLICIES, static_cast<std::uint32_t>(out.most_boosts));
    out.most_share = most.number("share", 0.01, 1, out.most_share);
    most.finish();
  }
  fields.finish();
  std::set<std::string> names;
  for (const auto& item : rules->items) {
    const auto* name = item.find("name");
    wrong.about = name != nullptr && of_letters(name->text, "_") ? "rule " + name->text + ": " : "";
    out.rules.push_back(read_rule(wrong, item));
    if (!names.insert(out.rules.back().name).second) wrong.say(item.line, "another rule has this name");
    if (!wrong.text().empty()) break;
  }
  return out;
}

}  // namespace

Result<RuleSet> parse_rules(std::string_view text) {
  constexpr const char* kAdvice =
      "nothing was changed; GET /rules/schema.json, or docs/rules.md, says how rules are written";
  if (text.size() > kMostRulesBytes) {
    return fail(Errc::invalid_argument, "the rules are larger than " + std::to_string(kMostRulesBytes) + " bytes",
                kAdvice);
  }
  const auto json = parse_lined_json(text);
  if (!json) return fail(Errc::invalid_argument, json.error().message, kAdvice);
  Complaint wrong;
  auto rules = read_all(wrong, *json);
  if (!wrong.text().empty()) return fail(Errc::invalid_argument, wrong.text(), kAdvice);
  return rules;
}

}  // namespace mus
