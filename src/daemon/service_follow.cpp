// SPDX-License-Identifier: Apache-2.0
// Boosts act on what is there: looks at the node, one at a time and without the service's lock, and what comes of them.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "daemon/policy_map.hpp"
#include "daemon/service.hpp"

namespace mus {
namespace {

using namespace std::chrono_literals;

// How often the source of pods is asked while boosts depend on it. What is waited for is asked about sooner.
constexpr std::chrono::milliseconds kAskPeriod = 15s;
constexpr std::chrono::milliseconds kAskSoon = 1s;
constexpr std::chrono::milliseconds kAskLate = 10s;
constexpr std::size_t kPlacesAtOnce = 64;
constexpr unsigned kTries = 20;  // for the runtime to write down whose a container is

bool is_pod(const DesiredBoost& boost) {
  return boost.target.kind == Target::Kind::pod;
}

std::string why_nowhere(const DesiredBoost& boost, const Error& error) {
  if (error.code != Errc::not_found) return error.message;
  return boost.target.kind == Target::Kind::unit ? "the unit is not running" : "the cgroup is gone";
}

}  // namespace

void MusService::follow() {
  moved_ = true;
  look_again({});
  const Lock lock(mutex_);
  if (any_unsettled()) ask_soon();
}

void MusService::look_again(Scope scope) {
  if (!scope.pods && !scope.places) return;
  const std::lock_guard one_at_a_time(looking_);
  NodeView view;
  DesiredState desired;
  Reaches before;
  Policies ruled;
  std::uint64_t commits = 0;
  {
    const Lock lock(mutex_);
    if (stopping_ || (desired_.size() == 0 && !options_.declarations.on())) return;
    view.look = ++looks_;
    view.no_list = no_list_;
    desired = desired_;
    before = reaches_;
    ruled = ruled_policies(ruled_);
    commits = commits_;
  }
  const auto& boosts = desired.boosts();
  if (scope.pods && (options_.declarations.on() || std::any_of(boosts.begin(), boosts.end(), is_pod))) {
    look_at_pods(view);
    adopt_declared(view, desired, commits);
  }
  if (scope.places) look_at_places(view, desired, before);
  if (!view.pods && view.places.empty()) return;
  view.limits_hold = limits_hold(desired);

  auto result = reconcile(desired, before, &view, {}, options_.now(), ruled);
  doubt_leaves(view, before, result.reaches);
  if (!view.doubtful.empty()) result = reconcile(desired, before, &view, {}, options_.now(), ruled);

  const Lock lock(mutex_);
  if (stopping_) return;
  const bool whole =
      view.list && (!options_.declarations.on() || !view.list->no_labels.empty() || adopted_ == view.list->fetched_at);
  if (view.pods && whole) list_used_ = view.list->fetched_at;
  const auto now = options_.now();
  const auto map = policies_of(scheduler_);
  if (commits_ == commits) {
    result.changes = changes(map, result.wanted.policies);
  } else {
    result = reconcile(desired_, reaches_, &view, map, now, ruled_policies(ruled_));
  }
  commit(std::move(result), now);
  publish(now);
}

void MusService::look_at_pods(NodeView& view) {
  view.list = pods_.known();  // before the walk: whom it has was there, and what is not there any more has gone
  auto directories = tree_.pods();
  if (!directories) {
    spdlog::error("boosts of pods stay as they are: {}", directories.error().message);
    return;
  }
  view.pods = true;
  view.directories = std::move(*directories);
  if (options_.containers != nullptr) identify_leaves(view);
}

// What is known stays known: a container's id is not used twice. What is not is asked for a few times, since the
// runtime may write it a moment after it makes the directory.
void MusService::identify_leaves(NodeView& view) {
  std::unordered_set<std::string_view> listed;
  if (view.list) {
    for (const auto& pod : view.list->pods) {
      for (const auto& container : pod.containers) listed.insert(container.id);
    }
  }
  std::map<std::string, Identified, std::less<>> still_there;
  for (const auto& directory : view.directories) {
    for (const auto& leaf : directory.containers) {
      if (listed.contains(leaf.container_id)) continue;
      Identified known;
      if (auto found = identified_.find(leaf.container_id); found != identified_.end())
        known = std::move(found->second);
      if (!known.identity && known.tries < kTries) {
        if (auto found = options_.containers->identify(leaf.container_id)) known.identity = std::move(*found);
        ++known.tries;
      }
      if (known.identity) view.identities.push_back(*known.identity);
      still_there.emplace(leaf.container_id, std::move(known));
    }
  }
  identified_ = std::move(still_there);
}

// Containers that a boost has not acted on before are checked through /proc, as those are that a caller names.
void MusService::doubt_leaves(NodeView& view, const Reaches& before, const Reaches& after) const {
  std::unordered_map<std::uint64_t, std::pair<const PodCgroup*, const PodCgroup::Leaf*>> leaves;
  for (const auto& [number, reach] : after) {
    const auto was = before.find(number);
    std::unordered_set<std::uint64_t> known;
    if (was != before.end()) {
      for (const auto& applied : was->second.cgroups) known.insert(to_u64(applied.cgroup.id));
    }
    for (const auto& applied : reach.cgroups) {
      if (applied.container.empty() || !known.insert(to_u64(applied.cgroup.id)).second) continue;
      if (leaves.empty()) {
        for (const auto& directory : view.directories) {
          for (const auto& leaf : directory.containers) leaves[to_u64(leaf.cgroup.id)] = {&directory, &leaf};
        }
      }
      const auto found = leaves.find(to_u64(applied.cgroup.id));
      if (found == leaves.end()) continue;
      Pod pod;
      pod.ns = applied.ns;
      pod.name = applied.pod;
      pod.uid = found->second.first->pod_uid;
      const Container container{applied.container, found->second.second->container_id, Container::Kind::regular, true};
      const auto checked = tree_.container(pod, container);
      if (!checked && checked.error().code == Errc::unavailable) view.doubtful.insert(applied.cgroup.id);
    }
  }
}

// Those that are not where they were, a bounded number at a time.
void MusService::look_at_places(NodeView& view, const DesiredState& desired, const Reaches& reaches) {
  std::vector<const DesiredBoost*> missing;
  for (const auto& boost : desired.boosts()) {
    if (is_pod(boost)) continue;
    const auto reach = reaches.find(boost.number);
    const bool there =
        reach != reaches.end() && !reach->second.cgroups.empty() && tree_.alive(reach->second.cgroups.front().cgroup);
    if (!there) missing.push_back(&boost);
  }
  std::sort(missing.begin(), missing.end(), [](const auto* a, const auto* b) { return a->number < b->number; });
  // Each in its turn, when there are many.
  const auto first =
      std::find_if(missing.begin(), missing.end(), [&](const auto* b) { return b->number >= next_place_; });
  std::rotate(missing.begin(), first, missing.end());
  if (missing.size() > kPlacesAtOnce) missing.resize(kPlacesAtOnce);
  for (const auto* boost : missing) {
    const auto& target = boost->target;
    auto found = target.kind == Target::Kind::unit ? tree_.unit(target.unit) : tree_.path(target.cgroup);
    view.places.emplace(boost->number,
                        found ? Place{std::move(*found), {}} : Place{{}, why_nowhere(*boost, found.error())});
    next_place_ = boost->number + 1;
  }
}

std::string MusService::limits_hold(const DesiredState& desired) const {
  const auto& boosts = desired.boosts();
  if (std::none_of(boosts.begin(), boosts.end(), [](const DesiredBoost& b) { return b.ignore_limit; })) return {};
  if (!options_.allow_ignore_limit) return "the daemon runs without --allow-ignore-limit";
  const auto level = tree_.level({{}, "/"});
  return level ? std::string() : level.error().message;
}

std::optional<std::chrono::milliseconds> MusService::refresh() {
  bool unsettled = false;
  {
    const Lock lock(mutex_);
    const auto& boosts = desired_.boosts();
    if (stopping_) return std::nullopt;
    if (!options_.declarations.on() && !rule_book_.about_pods() && std::none_of(boosts.begin(), boosts.end(), is_pod)) {
      return std::nullopt;
    }
    unsettled = any_unsettled();
  }
  const auto list = pods_.list(unsettled ? PodSource::Freshness::fresh : PodSource::Freshness::cached);
  {
    const Lock lock(mutex_);
    no_list_ = list ? std::string() : list.error().message;
  }
  look_again({true, false});
  const Lock lock(mutex_);
  if (!any_unsettled()) return kAskPeriod;
  ask_again_ = std::clamp(ask_again_ * 2, kAskSoon, kAskLate);
  return ask_again_;
}

void MusService::ask_soon() {
  ask_again_ = 0ms;
  refresh_bell_.ring();
}

// A boost that waits for a pod, or for one more.
bool MusService::any_unsettled() const {
  return std::any_of(desired_.boosts().begin(), desired_.boosts().end(), [&](const DesiredBoost& boost) {
    const auto reach = reaches_.find(boost.number);
    return is_pod(boost) && !boost.spent && (reach == reaches_.end() || reach->second.waiting);
  });
}

bool MusService::any_place_missing() const {
  const Lock lock(mutex_);
  return std::any_of(desired_.boosts().begin(), desired_.boosts().end(), [&](const DesiredBoost& boost) {
    const auto reach = reaches_.find(boost.number);
    return !is_pod(boost) && (reach == reaches_.end() || reach->second.cgroups.empty());
  });
}

// Looks at the directories without the lock: an id is never used twice.
bool MusService::any_gone() const {
  std::map<CgroupId, Cgroup> known;
  {
    const Lock lock(mutex_);
    for (const auto& [number, reach] : reaches_) {
      for (const auto& applied : reach.cgroups) known.emplace(applied.cgroup.id, applied.cgroup);
    }
  }
  return std::any_of(known.begin(), known.end(), [&](const auto& one) { return !tree_.alive(one.second); });
}

bool MusService::is_list_new() const {
  const auto list = pods_.known();
  const Lock lock(mutex_);
  return list && list_used_ != list->fetched_at;
}

bool MusService::follows_any() const {
  const Lock lock(mutex_);
  return desired_.size() != 0 || options_.declarations.on() || rule_book_.active();
}

std::vector<Cgroup> MusService::followed_places() const {
  std::vector<Cgroup> places;
  const Lock lock(mutex_);
  for (const auto& boost : desired_.boosts()) {
    if (is_pod(boost)) continue;
    const auto reach = reaches_.find(boost.number);
    if (reach != reaches_.end() && !reach->second.cgroups.empty()) {
      places.push_back(reach->second.cgroups.front().cgroup);
    } else if (boost.target.kind == Target::Kind::cgroup) {
      places.push_back({{}, boost.target.cgroup});
    }
  }
  return places;
}

}  // namespace mus
