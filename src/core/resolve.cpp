// SPDX-License-Identifier: Apache-2.0
#include "core/resolve.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace mus {
namespace {

using Pods = std::vector<const Pod*>;

tl::unexpected<ServiceError> refuse(Errc code, std::string message, std::string advice,
                                    std::vector<std::string> candidates = {}) {
  return tl::unexpected(ServiceError{{code, std::move(message), std::move(advice)}, std::move(candidates), {}});
}

bool label_is(const Pod& pod, const std::string& key, std::string_view value) {
  const auto found = pod.labels.find(key);
  return found != pod.labels.end() && found->second == value;
}

bool static_name_is(const Pod& pod, std::string_view name) {
  return pod.is_static && !pod.node.empty() && pod.name.size() == name.size() + 1 + pod.node.size() &&
         pod.name.starts_with(name) && pod.name[name.size()] == '-' && pod.name.ends_with(pod.node);
}

bool passes_identity(const Pod& pod, const Target& target) {
  if (!target.ns.empty() && pod.ns != target.ns) return false;
  // A mirror pod's own uid is not the one on the node: its config.hash is.
  return target.uid.empty() || pod.uid == target.uid || pod.config_hash == target.uid;
}

bool passes_label(const Pod& pod, const Target& target) {
  if (target.label.empty()) return true;
  const auto equals = target.label.find('=');
  const std::string_view label{target.label};
  return label_is(pod, std::string{label.substr(0, equals)}, label.substr(equals + 1));
}

/// `exactly`: only by the whole name. What else means a pod, nobody knows then.
Pods named(const Pods& pods, const std::string& name, bool exactly) {
  static const std::string recommended = "app.kubernetes.io/name";
  static const std::string usual = "app";
  Pods found;
  const auto take = [&](auto&& rule) { std::copy_if(pods.begin(), pods.end(), std::back_inserter(found), rule); };
  take([&](const Pod* pod) { return pod->name == name; });
  if (exactly || !found.empty()) return found;
  take([&](const Pod* pod) {
    return label_is(*pod, recommended, name) || label_is(*pod, usual, name) || static_name_is(*pod, name);
  });
  return found;
}

/// A StatefulSet's pod that is being replaced is on the node twice for a moment: the one that stays is meant.
void drop_leaving_twins(Pods& pods) {
  const auto twin_stays = [&](const Pod* leaving) {
    return std::any_of(pods.begin(), pods.end(), [&](const Pod* other) {
      return !other->terminating && other->ns == leaving->ns && other->name == leaving->name;
    });
  };
  Pods kept;
  std::copy_if(pods.begin(), pods.end(), std::back_inserter(kept),
               [&](const Pod* pod) { return !pod->terminating || !twin_stays(pod); });
  pods = std::move(kept);
}

std::string name_of(const Match& match) {
  return match.pod.ns + "/" + match.pod.name + (match.container ? "/" + match.container->name : "");
}

/// The target in the words of a message.
std::string words(const Target& target) {
  std::string text;
  const auto add = [&](std::string_view key, const std::string& value) {
    if (value.empty()) return;
    if (!text.empty()) text += ' ';
    text.append(key).append("=").append(value);
  };
  add("pod", target.pod);
  add("namespace", target.ns);
  add("uid", target.uid);
  add("label", target.label);
  add("container", target.container);
  return text;
}

std::vector<std::string> candidates_of(const std::vector<Match>& matches) {
  std::vector<std::string> names;
  for (const auto& match : matches) {
    const auto twin = std::any_of(matches.begin(), matches.end(), [&](const Match& other) {
      return &other != &match && name_of(other) == name_of(match);
    });
    names.push_back(name_of(match) + (twin ? " (uid " + match.pod.uid + ")" : ""));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<Candidate> with_container(const Pods& pods, const std::string& name) {
  std::vector<Candidate> found;
  for (const auto* pod : pods) {
    if (name.empty()) found.push_back({pod, nullptr});
    for (const auto& container : pod->containers) {
      if (!name.empty() && container.name == name) found.push_back({pod, &container});
    }
  }
  return found;
}

/// Not there in this list. Only where the list has what is asked for, that is as good as not there at all.
tl::unexpected<ServiceError> refuse_missing(const PodList& list, bool by_label, std::string message, std::string advice,
                                            std::vector<std::string> candidates = {}) {
  if (by_label && !list.no_labels.empty()) {
    return refuse(Errc::unavailable, "no source that knows labels answers: " + list.no_labels,
                  "give the pod's full name (mus-scheduler pods lists them); mus-scheduler check says what is missing",
                  std::move(candidates));
  }
  if (!list.incomplete.empty()) {
    return refuse(Errc::unavailable, message + ", but not every pod is known: " + list.incomplete,
                  "ask again in a moment; mus-scheduler check says what is missing", std::move(candidates));
  }
  return refuse(Errc::not_found, std::move(message), std::move(advice), std::move(candidates));
}

std::vector<std::string> all_containers(const Pods& pods) {
  std::vector<std::string> names;
  for (const auto* pod : pods) {
    for (const auto& container : pod->containers) names.push_back(pod->ns + "/" + pod->name + "/" + container.name);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace

bool takes_all(const Target& target) {
  return target.all || (target.pod.empty() && target.uid.empty() && !target.label.empty());
}

Candidates find_candidates(const PodList& list, const Target& target) {
  Candidates candidates;
  auto& pods = candidates.pods;
  for (const auto& pod : list.pods) {
    if (!passes_identity(pod, target)) continue;
    candidates.by_label = candidates.by_label || !target.label.empty() || !target.pod.empty();
    if (passes_label(pod, target)) pods.push_back(&pod);
  }
  // With `all`, a static pod may be only one of those that are meant.
  if (!target.pod.empty()) pods = named(pods, target.pod, target.all && !list.no_labels.empty());
  drop_leaving_twins(pods);
  std::sort(pods.begin(), pods.end(), [](const Pod* a, const Pod* b) {
    return std::tie(a->ns, a->name, a->uid) < std::tie(b->ns, b->name, b->uid);
  });
  candidates.found = with_container(pods, target.container);
  return candidates;
}

ServiceResult<std::vector<Match>> resolve(const PodList& list, const Target& target) {
  if (target.kind != Target::Kind::pod || (target.pod.empty() && target.label.empty() && target.uid.empty())) {
    return refuse(Errc::invalid_argument, "the target names no pod", "give pod=, label= or uid=");
  }
  if (!target.label.empty() && (target.label.find('=') == std::string::npos || target.label.starts_with('='))) {
    return refuse(Errc::invalid_argument, "a label is given as key=value", "for instance label=app=redis");
  }

  const auto candidates = find_candidates(list, target);
  if (candidates.pods.empty()) {
    return refuse_missing(list, candidates.by_label, "no pod on this node matches " + words(target),
                          "mus-scheduler pods (GET /pods) lists those that there are");
  }
  if (candidates.found.empty()) {
    if (!list.no_labels.empty()) {  // a list of what is there just now: it may be between two starts
      return refuse(Errc::unavailable, "no container matches " + words(target) + " just now",
                    "ask again in a moment, or name one of the candidates", all_containers(candidates.pods));
    }
    return refuse_missing(list, false, "no container matches " + words(target), "name one of the candidates",
                          all_containers(candidates.pods));
  }
  std::vector<Match> matches;
  matches.reserve(candidates.found.size());
  for (const auto& [pod, container] : candidates.found) {
    matches.push_back({*pod, container == nullptr ? std::nullopt : std::optional(*container)});
  }
  if (matches.size() > 1 && !takes_all(target)) {
    return refuse(Errc::ambiguous, std::to_string(matches.size()) + " match " + words(target),
                  "narrow it with namespace=, uid= or label=, or take them all with all=true", candidates_of(matches));
  }
  // One that has no id yet cannot be found; among several the others do not wait for it.
  if (!target.container.empty()) {
    const auto names = candidates_of(matches);
    std::erase_if(matches, [](const Match& match) { return match.container->id.empty(); });
    if (matches.empty()) {
      auto starting =
          refuse(Errc::unavailable, names.front() + " is starting: it has no container yet", "try again in a second");
      starting.value().retry_after = std::chrono::seconds{1};
      return starting;
    }
  }
  return matches;
}

}  // namespace mus
