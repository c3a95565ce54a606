// SPDX-License-Identifier: Apache-2.0
// Which cgroups one boost acts on.
#include <algorithm>
#include <string>
#include <utility>

#include "core/reconcile.hpp"
#include "core/resolve.hpp"

namespace mus {
namespace {

using PodPointers = std::vector<const Pod*>;

std::string full_name(const Pod& pod) {
  return pod.ns + "/" + pod.name;
}

bool holds(const std::vector<AppliedCgroup>& cgroups, CgroupId id) {
  return std::any_of(cgroups.begin(), cgroups.end(), [&](const AppliedCgroup& a) { return a.cgroup.id == id; });
}

bool acts_on(const Reach& reach, const Pod& pod) {
  return std::any_of(reach.cgroups.begin(), reach.cgroups.end(),
                     [&](const AppliedCgroup& a) { return a.uid == pod.uid; });
}

/// Several match a name that meant one when it was given, as while a Deployment replaces its pod: the one that stays is
/// meant, or the one that is there, or else the one that it was until now. Empty: nobody can say.
PodPointers chosen_of(const PodPointers& several, const Reach& before, const NodeIndex& index) {
  const auto those = [](const PodPointers& from, auto&& rule) {
    PodPointers found;
    std::copy_if(from.begin(), from.end(), std::back_inserter(found), rule);
    return found;
  };
  const auto staying = those(several, [](const Pod* pod) { return !pod->terminating; });
  const auto there = those(several, [&](const Pod* pod) { return index.directory(*pod) != nullptr; });
  const auto both = those(there, [](const Pod* pod) { return !pod->terminating; });
  for (const auto& some : {staying, there, both}) {
    if (some.size() == 1) return some;
  }
  auto known = those(several, [&](const Pod* pod) { return acts_on(before, *pod); });
  if (known.size() > 1) known.resize(1);
  return known;
}

std::string ambiguity(const PodPointers& several) {
  constexpr std::size_t most = 5;
  std::string text = std::to_string(several.size()) + " pods match now:";
  for (std::size_t i = 0; i < std::min(several.size(), most); ++i) {
    text += (i == 0 ? " " : ", ") + full_name(*several[i]);
  }
  if (several.size() > most) text += ", ...";
  return text + "; set it again with namespace=, uid= or label=, or with all=true";
}

class PodReach {
 public:
  PodReach(const DesiredBoost& boost, const Reach& before, const NodeIndex& index)
      : boost_(boost), before_(before), index_(index) {}

  Reach find() {
    if (index_.list() != nullptr) {
      const auto candidates = find_candidates(*index_.list(), boost_.target);
      pods_ = candidates.pods;
      if (pods_.size() > 1 && !takes_all(boost_.target)) choose();
      for (const auto& candidate : candidates.found) {
        if (std::find(pods_.begin(), pods_.end(), candidate.pod) != pods_.end()) add(candidate);
      }
    }
    keep_known();
    out_.waiting = out_.cgroups.empty() || !missing_.empty();
    if (out_.cgroups.empty()) {
      out_.pending = reason();
    } else if (!missing_.empty()) {
      out_.note = std::to_string(missing_.size()) + " of " + std::to_string(wanted_) +
                  " matches have no cgroup yet, one is " + missing_.front();
    }
    return std::move(out_);
  }

 private:
  void choose() {
    auto chosen = chosen_of(pods_, before_, index_);
    if (chosen.empty()) ambiguity_ = ambiguity(pods_);
    pods_ = std::move(chosen);
  }

  void add(const Candidate& candidate) {
    const auto& pod = *candidate.pod;
    if (candidate.container == nullptr) {
      const auto* directory = index_.directory(pod);
      ++wanted_;
      if (directory == nullptr) {
        missing_.push_back(full_name(pod));
      } else {
        apply(directory->cgroup, *directory, pod, {});
      }
      return;
    }
    const auto& container = *candidate.container;
    const auto leaf = index_.leaf(pod, container);
    ++wanted_;
    if (leaf && index_.view().doubtful.contains(leaf->cgroup->id)) {
      doubtful_ = full_name(pod) + "/" + container.name;
    } else if (leaf) {
      apply(*leaf->cgroup, *leaf->pod, pod, container.name);
    } else {
      missing_.push_back(full_name(pod) + "/" + container.name);
    }
  }

  void apply(const Cgroup& cgroup, const PodCgroup& directory, const Pod& pod, const std::string& container) {
    if (holds(out_.cgroups, cgroup.id)) return;
    AppliedCgroup applied{cgroup, pod.ns, pod.name, pod.uid, container, boost_.weight};
    if (boost_.ignore_limit && index_.view().limits_hold.empty()) {
      applied.lifted_from = depth_of(directory.cgroup.path);
    }
    out_.cgroups.push_back(std::move(applied));
  }

  void keep_known() {
    for (auto known : before_.cgroups) {
      const auto* directory = index_.owner(known.cgroup.id);
      if (directory == nullptr || holds(out_.cgroups, known.cgroup.id)) continue;
      if (index_.view().doubtful.contains(known.cgroup.id)) continue;
      // A pod's end may leave an empty directory for minutes: nothing will run there any more.
      const bool ended = index_.view().list && !index_.listed(known.uid) && directory->containers.empty();
      if (ended) continue;
      const bool meant = std::any_of(pods_.begin(), pods_.end(), [&](const Pod* pod) { return pod->uid == known.uid; });
      // Of a pod that is listed and meant, the container before this one may still be there. By a list without labels,
      // nobody is not meant.
      const bool labels = index_.view().list && index_.view().list->no_labels.empty();
      const bool former = meant && !known.container.empty();
      if (labels && index_.listed(known.uid) && !former) continue;
      known.weight = boost_.weight;
      known.lifted_from =
          boost_.ignore_limit && index_.view().limits_hold.empty() ? depth_of(directory->cgroup.path) : 0;
      out_.cgroups.push_back(std::move(known));
    }
  }

  [[nodiscard]] std::string reason() const {
    if (!ambiguity_.empty()) return ambiguity_;
    if (!doubtful_.empty()) return "/proc names another cgroup for the processes of container " + doubtful_;
    if (!missing_.empty()) return missing_.front() + " has no cgroup: it is starting, or has just ended";
    if (!index_.view().list) {
      return "the node's pods are not known: " +
             (index_.view().no_list.empty() ? std::string("nobody has told yet") : index_.view().no_list);
    }
    if (!pods_.empty()) return full_name(*pods_.front()) + " has no container " + boost_.target.container;
    return index_.complete() ? "no pod on this node matches now" : "no pod that is known matches; not all are known";
  }

  const DesiredBoost& boost_;
  const Reach& before_;
  const NodeIndex& index_;
  Reach out_;
  PodPointers pods_;
  std::string ambiguity_;
  std::string doubtful_;
  std::vector<std::string> missing_;
  std::size_t wanted_ = 0;
};

Reach reach_place(const DesiredBoost& boost, const Place& place, const std::string& limits_hold) {
  Reach out;
  if (!place.cgroup) {
    out.pending = place.why;
    return out;
  }
  AppliedCgroup applied{*place.cgroup, {}, {}, {}, {}, boost.weight};
  if (boost.ignore_limit && limits_hold.empty()) applied.lifted_from = depth_of(place.cgroup->path);
  out.cgroups.push_back(std::move(applied));
  return out;
}

}  // namespace

Reach reach_of(const DesiredBoost& boost, const Reach& before, const NodeIndex& index) {
  const auto& view = index.view();
  Reach out = before;
  if (boost.target.kind != Target::Kind::pod) {
    const auto place = view.places.find(boost.number);
    if (place == view.places.end()) return before;
    out = reach_place(boost, place->second, view.limits_hold);
  } else if (view.pods) {
    out = PodReach(boost, before, index).find();
  } else {
    return before;
  }
  if (boost.ignore_limit && !view.limits_hold.empty() && !out.cgroups.empty()) {
    out.note = "limits hold all the same: " + view.limits_hold;
  }
  out.look = view.look;
  out.ever = before.ever || !out.cgroups.empty();
  return out;
}

}  // namespace mus
