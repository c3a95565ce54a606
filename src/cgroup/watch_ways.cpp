// SPDX-License-Identifier: Apache-2.0
// WatchedTree: what is looked for outside of the usual places, and the directories on the way to it.
#include <algorithm>
#include <deque>
#include <utility>

#include "cgroup/names.hpp"
#include "cgroup/watch_tree.hpp"

namespace mus {
namespace {

using kube::Place;

// As those of the walk over all pods.
constexpr int kDepth = 16;
constexpr std::size_t kMostSearched = 65536;
constexpr std::size_t kMostRoots = 256;

}  // namespace

/// kubepods roots below a directory that is none and in none; true when there is one that was not known. Breadth first,
/// so that what lies near is found before the limit.
bool WatchedTree::find_roots(const Tree& tree, const std::string& from) {
  if (from == "/user.slice" || from.starts_with("/user.slice/")) return false;
  std::deque<std::pair<std::string, int>> queue{{from, 0}};
  std::size_t seen = 0;
  bool found = false;
  while (!queue.empty()) {
    const auto [path, depth] = std::move(queue.front());
    queue.pop_front();
    for (const auto& name : tree.children(path)) {
      if (++seen > kMostSearched) return found;
      auto child = join(path, name);
      if (child == "/user.slice") continue;
      const auto place = kube::step(Place::outside, name).place;
      if (place == Place::kubepods && roots_.size() < kMostRoots) {
        add_ways(child);
        found = roots_.insert(std::move(child)).second || found;
      } else if (place == Place::outside && depth < kDepth) {
        queue.emplace_back(std::move(child), depth + 1);
      }
    }
  }
  return found;
}

void WatchedTree::add_ways(const std::string& path) {
  for (auto slash = path.rfind('/'); slash != 0 && slash != std::string::npos; slash = path.rfind('/', slash - 1)) {
    ways_.insert(path.substr(0, slash));
  }
}

void WatchedTree::renew_ways() {
  ways_.clear();
  for (const auto& path : wanted_) add_ways(path);
  for (const auto& path : roots_) add_ways(path);
}

/// Sorted as they are, what is above comes first.
void WatchedTree::enter_ways(Round& round) {
  for (const auto& way : std::set<std::string>(ways_)) {
    if (!directories_.contains(way)) look_at(way, round);
  }
}

void WatchedTree::want(const Tree& tree, const std::vector<Cgroup>& cgroups, CgroupNews& news) {
  std::set<std::string> wanted;
  std::vector<Cgroup> added;
  for (const auto& cgroup : cgroups) {
    if (!plain_path(cgroup.path) || cgroup.path == "/" || !wanted.insert(cgroup.path).second) continue;
    if (!wanted_.contains(cgroup.path)) added.push_back(cgroup);
  }
  const auto before = std::exchange(wanted_, std::move(wanted));
  renew_ways();

  // What nobody wants any more is forgotten without a word.
  for (const auto& path : before) {
    const auto parent = directories_.find(parent_of(path));
    if (parent == directories_.end()) continue;
    const std::string name(last_component(path));
    if (to_be_told(kube::step(parent->second.step.place, name).place, path)) continue;
    told_ -= parent->second.told.erase(name);
  }
  CgroupNews unwanted;
  for (auto it = directories_.begin(); it != directories_.end();) {
    const auto at = it++;
    if (at->first != "/" && !to_be_entered(at->second.step.place, at->first)) drop(at, unwanted);
  }

  Round round{tree, news};
  enter_ways(round);
  for (const auto& cgroup : added) look_at(cgroup.path, round);
  for (const auto& cgroup : added) settle(cgroup, round);
}

/// Tells the caller what differs from what it believes, and nothing that it knows.
void WatchedTree::settle(const Cgroup& believed, const Round& round) const {
  CgroupMade present{{{}, believed.path}, {}, {}};
  const std::string name(last_component(believed.path));
  if (const auto parent = directories_.find(parent_of(believed.path)); parent != directories_.end()) {
    const auto& dir = parent->second;
    if (const auto told = dir.told.find(name); told != dir.told.end()) {
      present = to_made({told->second, believed.path}, dir, kube::step(dir.step.place, name));
    }
  }
  auto& made = round.news.made;
  const auto found = std::ranges::find(made, present);
  const auto id = present.cgroup.id;
  if (id == believed.id) {
    if (found != made.end()) made.erase(found);
    return;
  }
  const bool there = id != CgroupId{};
  if (believed.id != CgroupId{} && (there || !round.unsure)) round.news.gone.push_back(believed);
  if (there && found == made.end()) made.push_back(std::move(present));
}

}  // namespace mus
