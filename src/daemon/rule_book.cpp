// SPDX-License-Identifier: Apache-2.0
#include "daemon/rule_book.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <utility>

#include "core/rule_words.hpp"
#include "daemon/rules_format.hpp"

namespace mus {
namespace {

constexpr std::uint8_t kNetwork = 1;
constexpr std::uint8_t kPressure = 2;

std::uint8_t wanted_for(Signal signal) {
  switch (signal) {
    case Signal::received_packets:
    case Signal::sent_packets:
    case Signal::received_bytes:
    case Signal::sent_bytes:
      return kNetwork;
    case Signal::cpu_pressure:
      return kPressure;
    default:
      return 0;
  }
}

std::string claim_on(const std::map<std::string, std::string, std::less<>>& claims, std::string_view path) {
  for (; path.size() > 1; path = path.substr(0, path.rfind('/'))) {
    if (const auto found = claims.find(path); found != claims.end()) return found->second;
  }
  return {};
}

}  // namespace

RuleBook::RuleBook(const RuleBookOptions& options) : options_(options) {
  if (options_.store != nullptr) paused_ = options_.store->paused();
  publish();
}

Result<void> RuleBook::replace(const std::string& text, bool dry_run) {
  if (options_.store == nullptr)
    return fail(Errc::unsupported, "this daemon runs without rules", "start it with --rules FILE");
  auto rules = parse_rules(text);
  if (!rules) return tl::unexpected(rules.error());
  if (dry_run) return {};
  const std::lock_guard lock(mutex_);
  if (auto saved = options_.store->save(text); !saved) return saved;
  put(std::move(*rules), text);
  publish();
  return {};
}

Result<void> RuleBook::pause(bool paused) {
  if (options_.store == nullptr)
    return fail(Errc::unsupported, "this daemon runs without rules", "start it with --rules FILE");
  const std::lock_guard lock(mutex_);
  if (paused != paused_) tell_rules(paused ? "paused: what they have boosted has weight 1024 again" : "go on");
  // Whatever the disk says: who throws the switch wants it to act.
  paused_ = paused;
  if (paused) tell(engine_.release("rules are paused"));
  active_ = !paused_ && !engine_.rules().rules.empty();
  publish();
  return options_.store->set_paused(paused);
}

std::shared_ptr<const RulesSnapshot> RuleBook::snapshot() const {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

bool RuleBook::ready() {
  if (options_.store == nullptr) return false;
  const std::lock_guard lock(mutex_);
  if (options_.store->changed()) {
    const auto text = options_.store->load();
    if (text) {
      if (!take(*text)) tell_rules("not taken over, those of before stay in force: " + trouble_);
    } else if (text.error().code != Errc::not_found) {
      trouble_ = text.error().message;
      tell_rules("cannot be read, those of before stay in force: " + trouble_);
    } else if (loaded_) {
      put({}, {});
    }
    loaded_ = true;
    publish();
  }
  return active_;
}

bool RuleBook::take(const std::string& text) {
  auto rules = parse_rules(text);
  if (!rules) {
    trouble_ = rules.error().message;
    return false;
  }
  put(std::move(*rules), text);
  return true;
}

void RuleBook::put(RuleSet rules, const std::string& text) {
  trouble_.clear();
  document_ = text;
  if (!(rules == engine_.rules())) tell_rules(std::to_string(rules.rules.size()) + " are in force");
  about_pods_ = std::ranges::any_of(rules.rules, [](const Rule& rule) {
    return rule.about.of_pods() || (rule.when && rule.when->of && rule.when->of->of_pods());
  });
  RuleMatches nobody;
  nobody.about.resize(rules.rules.size());
  nobody.signals.resize(rules.rules.size());
  nobody.notes.resize(rules.rules.size());
  // Whom those that stay were about is known: they go on.
  std::unordered_map<std::string, std::size_t> before;
  for (std::size_t r = 0; r < engine_.rules().rules.size(); ++r) before.emplace(engine_.rules().rules[r].name, r);
  nobody.subjects = engine_.subjects();
  for (std::size_t r = 0; r < rules.rules.size(); ++r) {
    const auto old = before.find(rules.rules[r].name);
    if (old == before.end() || !(engine_.rules().rules[old->second] == rules.rules[r])) continue;
    nobody.about[r] = engine_.matches().about[old->second];
    nobody.signals[r] = engine_.matches().signals[old->second];
    nobody.notes[r] = engine_.matches().notes[old->second];
  }
  tell(engine_.set(std::move(rules), std::move(nobody)));
  unmatched_ = true;
  active_ = !paused_ && !engine_.rules().rules.empty();
}

void RuleBook::tell(const std::vector<RuleEvent>& events) const {
  for (const auto& event : events) {
    spdlog::info("{}", event.message);
    if (options_.events != nullptr) options_.events->add(event.kind, event.subject, event.message);
  }
}

void RuleBook::tell_rules(const std::string& what) const {
  spdlog::info("rules: {}", what);
  if (options_.events != nullptr) options_.events->add(EventKind::rules_changed, {}, "rules: " + what);
}

std::vector<std::string> RuleBook::places(std::string Selector::* which) const {
  const std::lock_guard lock(mutex_);
  std::set<std::string> found;
  for (const auto& rule : engine_.rules().rules) {
    found.insert(rule.about.*which);
    if (rule.when && rule.when->of) found.insert((*rule.when->of).*which);
  }
  found.erase("");
  return {found.begin(), found.end()};
}

std::vector<std::string> RuleBook::units() const {
  return places(&Selector::unit);
}

std::vector<std::string> RuleBook::cgroups() const {
  return places(&Selector::cgroup);
}

void RuleBook::match(const NodeIndex* pods, const RulePlaces& places) {
  const std::lock_guard lock(mutex_);
  auto matches = match_rules(engine_.rules(), pods, places);
  tell(engine_.set(engine_.rules(), std::move(matches)));
  const auto& now = engine_.matches();
  wants_.assign(now.subjects.size(), 0);
  for (std::size_t r = 0; r < engine_.rules().rules.size(); ++r) {
    const auto& rule = engine_.rules().rules[r];
    if (!rule.when) continue;
    for (const auto subject : rule.when->of ? now.signals[r] : now.about[r]) {
      wants_[subject] |= wanted_for(rule.when->signal);
    }
  }
  unmatched_ = false;
}

SignalReading RuleBook::reading(std::size_t i, const RuleSurroundings& node, const std::vector<double>& threads) {
  const auto& cgroup = engine_.subjects()[i].cgroup;
  auto& known = known_[to_u64(cgroup.id)];
  known.seen = true;
  SignalReading out;
  out.at = node.now;
  known.no_network.clear();
  if ((wants_[i] & kNetwork) != 0 && options_.signals != nullptr) {
    auto network = options_.signals->network(cgroup);
    if (network) {
      out.network = *network;
    } else {
      known.no_network = network.error().message;
    }
  }
  if ((wants_[i] & kPressure) != 0 && options_.signals != nullptr) {
    if (const auto pressure = options_.signals->pressure_us(cgroup)) out.pressure_us = *pressure;
  }
  if (node.view && node.view->figures) {
    out.metered_at = node.view->figures->read_at;
    if (const auto* meters = node.view->figures->find(cgroup.id)) out.meters = *meters;
    if (const auto place = node.view->find(cgroup.id)) out.threads = threads[*place];
  }
  if (const auto limit = node.limits.find(to_u64(cgroup.id)); limit != node.limits.end()) out.limit = limit->second;
  return out;
}

void RuleBook::read(const RuleSurroundings& node) {
  for (auto& [id, known] : known_) known.seen = false;
  const auto threads = node.view ? with_below(node.view->threads, node.view->parents()) : std::vector<double>{};
  for (std::size_t i = 0; i < engine_.subjects().size(); ++i) {
    const auto now = reading(i, node, threads);
    known_[to_u64(engine_.subjects()[i].cgroup.id)].signals.add(now);
  }
  std::erase_if(known_, [](const auto& entry) { return !entry.second.seen; });
  if (options_.signals != nullptr) options_.signals->close_unused();
}

RuleReadings RuleBook::readings(const RuleSurroundings& node) const {
  RuleReadings out;
  for (const auto& subject : engine_.subjects()) {
    const auto& signals = known_.at(to_u64(subject.cgroup.id)).signals;
    for (std::size_t s = 0; s < kSignals; ++s) out.values[s].push_back(signals.values().of[s]);
    out.delays.push_back(&signals.delays());
    out.limits.push_back(signals.limit_cpus());
    out.claimed.push_back(claim_on(node.claims, subject.cgroup.path));
  }
  out.node_cpus = node.view ? node.view->cpus : 1;
  out.boost_ceiling = node.guards.boost_ceiling;
  return out;
}

std::vector<RuleBoost> RuleBook::step(const RuleSurroundings& node) {
  const std::lock_guard lock(mutex_);
  if (!active_ || unmatched_) return {};
  read(node);
  // Divided once, and only if somebody asks.
  std::optional<DividedTree> tree;
  std::optional<Forecast> forecast;
  const EntitledTo entitled = [&](std::uint32_t subject) -> std::optional<Entitlement> {
    const auto place = node.view ? node.view->find(engine_.subjects()[subject].cgroup.id) : std::nullopt;
    if (!place) return std::nullopt;
    if (!forecast) {
      tree.emplace(*node.view, node.policies, node.guards);
      forecast.emplace(*tree);
    }
    return Entitlement{forecast->entitled_as_guarded(*place), forecast->weight(*place), node.view->cpus};
  };
  auto step = engine_.step(readings(node), entitled, node.now);
  tell(step.events);
  publish();
  return std::move(step.boosts);
}

void RuleBook::publish() {
  auto out = std::make_shared<RulesSnapshot>();
  if (options_.store != nullptr) out->path = options_.store->path();
  out->document = document_;
  out->rules = engine_.rules().rules.size();
  out->paused = paused_;
  out->trouble = trouble_;
  if (active_) out->states = engine_.states();
  for (std::size_t r = 0; r < out->states.size() && r < engine_.matches().about.size(); ++r) {
    const auto& rule = engine_.rules().rules[r];
    if (!rule.when || wanted_for(rule.when->signal) != kNetwork) continue;
    for (const auto i : rule.when->of ? engine_.matches().signals[r] : engine_.matches().about[r]) {
      const auto& subject = engine_.subjects()[i];
      const auto known = known_.find(to_u64(subject.cgroup.id));
      if (known == known_.end() || known->second.no_network.empty()) continue;
      out->states[r].note = subject_text(subject.ns, subject.pod, subject.container, subject.cgroup.path) + ": " +
                            known->second.no_network;
      break;
    }
  }
  snapshot_ = std::move(out);
}

}  // namespace mus
