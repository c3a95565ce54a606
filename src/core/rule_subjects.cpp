// SPDX-License-Identifier: Apache-2.0
#include "core/rule_subjects.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <numeric>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace mus {
namespace {

bool has_label(const Pod& pod, const std::string& label) {
  const auto equals = label.find('=');
  const auto found = pod.labels.find(label.substr(0, equals));
  return found != pod.labels.end() && found->second == label.substr(equals + 1);
}

bool is_meant(const Selector& selector, const Pod& pod) {
  return (selector.ns.empty() || selector.ns == pod.ns) && (selector.pod.empty() || fits(selector.pod, pod.name)) &&
         (selector.label.empty() || has_label(pod, selector.label));
}

/// Everybody once, whoever asks.
class Gathering {
 public:
  Gathering(const NodeIndex* pods, const RulePlaces& places) : pods_(pods), places_(places) {}

  std::vector<std::uint32_t> take(const Selector& selector) {
    std::vector<std::uint32_t> found;
    if (!selector.unit.empty()) add_place(places_.units, selector.unit, found);
    if (!selector.cgroup.empty()) add_place(places_.cgroups, selector.cgroup, found);
    if (selector.of_pods() && pods_ != nullptr && pods_->list() != nullptr) {
      for (const auto& pod : pods_->list()->pods) {
        if (is_meant(selector, pod)) add_pod(pod, selector.container, found);
      }
    }
    return found;
  }
  [[nodiscard]] std::vector<RuleSubject> subjects() { return std::move(subjects_); }

 private:
  void add_place(const std::map<std::string, Cgroup>& places, const std::string& word,
                 std::vector<std::uint32_t>& found) {
    const auto place = places.find(word);
    if (place != places.end()) add({{}, {}, {}, {}, place->second}, found);
  }
  void add_pod(const Pod& pod, const std::string& container, std::vector<std::uint32_t>& found) {
    if (container.empty()) {
      if (const auto* directory = pods_->directory(pod)) add({pod.ns, pod.name, pod.uid, {}, directory->cgroup}, found);
      return;
    }
    for (const auto& one : pod.containers) {
      if (one.name != container) continue;
      if (const auto leaf = pods_->leaf(pod, one)) add({pod.ns, pod.name, pod.uid, one.name, *leaf->cgroup}, found);
    }
  }
  void add(RuleSubject subject, std::vector<std::uint32_t>& found) {
    const auto known = by_path_.find(subject.cgroup.path);
    if (known != by_path_.end()) {
      found.push_back(known->second);
    } else if (subjects_.size() < RuleMatches::kMostSubjects) {
      found.push_back(static_cast<std::uint32_t>(subjects_.size()));
      by_path_.emplace(subject.cgroup.path, found.back());
      subjects_.push_back(std::move(subject));
    }
  }

  const NodeIndex* pods_;
  const RulePlaces& places_;
  std::vector<RuleSubject> subjects_;
  std::unordered_map<std::string, std::uint32_t> by_path_;
};

void sort_by_path(RuleMatches& matches) {
  auto& subjects = matches.subjects;
  std::vector<std::uint32_t> order(subjects.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [&](auto a, auto b) { return subjects[a].cgroup.path < subjects[b].cgroup.path; });
  std::vector<std::uint32_t> place(subjects.size());
  std::vector<RuleSubject> sorted;
  for (const auto was : order) {
    place[was] = static_cast<std::uint32_t>(sorted.size());
    sorted.push_back(std::move(subjects[was]));
  }
  subjects = std::move(sorted);
  for (auto* lists : {&matches.about, &matches.signals}) {
    for (auto& list : *lists) {
      for (auto& index : list) index = place[index];
      std::sort(list.begin(), list.end());
    }
  }
}

void find_those_above(std::vector<RuleSubject>& subjects) {
  std::unordered_map<std::string_view, std::uint32_t> by_path;
  for (std::uint32_t i = 0; i < subjects.size(); ++i) by_path.emplace(subjects[i].cgroup.path, i);
  for (auto& subject : subjects) {
    std::string_view path = subject.cgroup.path;
    for (; path.size() > 1; path = path.substr(0, path.rfind('/'))) {
      if (const auto found = by_path.find(path); found != by_path.end()) {
        subject.at_and_above.push_back(found->second);
      }
    }
  }
}

bool wants_labels(const Rule& rule) {
  return !rule.about.label.empty() || (rule.when && rule.when->of && !rule.when->of->label.empty());
}

}  // namespace

bool fits(const std::string& pattern, const std::string& name) {
  if (pattern.find_first_of("*?") == std::string::npos) return pattern == name;
  return fnmatch(pattern.c_str(), name.c_str(), FNM_NOESCAPE) == 0;
}

RuleMatches match_rules(const RuleSet& rules, const NodeIndex* pods, const RulePlaces& places) {
  RuleMatches matches;
  Gathering gathering(pods, places);
  const bool unlabelled = pods == nullptr || !pods->view().list || !pods->view().list->no_labels.empty();
  for (const auto& rule : rules.rules) {
    matches.about.push_back(gathering.take(rule.about));
    matches.signals.push_back(rule.when && rule.when->of ? gathering.take(*rule.when->of)
                                                         : std::vector<std::uint32_t>{});
    matches.notes.emplace_back(unlabelled && wants_labels(rule) ? "nobody here knows pods' labels" : "");
  }
  matches.subjects = gathering.subjects();
  sort_by_path(matches);
  find_those_above(matches.subjects);
  return matches;
}

}  // namespace mus
