// SPDX-License-Identifier: Apache-2.0
#include "cgroup/watch_tree.hpp"

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "cgroup/names.hpp"

namespace mus {
namespace {

using kube::Place;

constexpr std::size_t kMostDirectories = 32768;
constexpr std::size_t kMostTold = 65536;
constexpr const char* kUsers = "/user.slice";
constexpr const char* kServices = "/system.slice";

/// Does errno of a failed look say that nothing is there? Being out of descriptors or memory says nothing.
bool says_gone(int error) {
  return error == ENOENT || error == ENODEV || error == ENOTDIR || error == ELOOP || error == EXDEV;
}

bool is_top(const std::string& path) {
  return path.find('/', 1) == std::string::npos;
}

/// Users make what directories they like below user.slice: nothing there is a kubelet's.
kube::Step step_to(Place parent, const std::string& path, const std::string& name) {
  return path == kUsers ? kube::Step{Place::beyond, {}} : kube::step(parent, name);
}

}  // namespace

WatchedTree::WatchedTree(std::string root, const Inotify& inotify, std::size_t most_watches)
    : root_(std::move(root)), inotify_(inotify), most_watches_(most_watches) {}

bool WatchedTree::to_be_entered(Place place, const std::string& path) const {
  switch (place) {
    case Place::kubepods:
    case Place::qos:
    case Place::pod:
      return true;
    case Place::outside:
      // A kubelet may be given a cgroup of its own, which appears before its kubepods does. Services come and go in
      // theirs all day long, which would wake us for nothing.
      if (is_top(path) && path != kServices) return true;
      break;
    case Place::container:
    case Place::beyond:
      break;
  }
  return ways_.contains(path);
}

bool WatchedTree::to_be_told(Place place, const std::string& path) const {
  return place == Place::pod || place == Place::container || wanted_.contains(path);
}

void WatchedTree::changed(const Tree& tree, int watch, const std::string& name, CgroupNews& news) {
  const auto found = by_watch_.find(watch);
  if (found == by_watch_.end()) return;  // dropped meanwhile
  Round round{tree, news};
  look_at(found->second->first, found->second->second, name, round);
}

void WatchedTree::watch_ended(int watch) {
  const auto found = by_watch_.find(watch);
  if (found == by_watch_.end()) return;
  found->second->second.watch = -1;
  by_watch_.erase(found);
}

void WatchedTree::look_again(const Tree& tree, CgroupNews& news) {
  failure_ = 0;
  std::erase_if(roots_, [&](const std::string& root) { return !tree.look(parent_of(root)); });
  find_roots(tree, "/");
  renew_ways();
  Round round{tree, news, true};
  const auto top = tree.look("/");
  if (top) enter("/", {}, top, round);
}

/// One name in a directory that we look into.
void WatchedTree::look_at(const std::string& path, Directory& dir, const std::string& name, Round& round) {
  const auto child = join(path, name);
  auto step = step_to(dir.step.place, child, name);
  const bool told = to_be_told(step.place, child);
  const bool entered = to_be_entered(step.place, child);
  const bool searched = step.place == Place::outside && !entered && !round.again;
  if (!told && !entered && !searched) return;

  const auto there = round.tree.look(child);
  if (!there && !says_gone(errno)) {
    round.unsure = true;
    return;
  }
  if (told) compare(dir, name, step, child, there, round);
  if (entered) {
    enter(child, std::move(step), there, round);
  } else if (searched && there) {
    if (find_roots(round.tree, child)) enter_ways(round);
  }
}

void WatchedTree::look_at(const std::string& path, Round& round) {
  const auto parent = directories_.find(parent_of(path));
  if (parent == directories_.end()) return;
  look_at(parent->first, parent->second, std::string(last_component(path)), round);
}

void WatchedTree::compare(Directory& dir, const std::string& name, const kube::Step& step, const std::string& path,
                          const std::optional<Cgroup>& there, Round& round) {
  auto known = dir.told.find(name);
  if (known != dir.told.end() && (!there || known->second != there->id)) {
    round.news.gone.push_back({known->second, path});
    dir.told.erase(known);
    --told_;
    known = dir.told.end();
  }
  if (!there || known != dir.told.end()) return;
  if (told_ >= kMostTold) {
    failure_ = ENOSPC;
    round.unsure = true;
    return;
  }
  dir.told.emplace(name, there->id);
  ++told_;
  round.news.made.push_back(to_made(*there, dir, step));
}

CgroupMade WatchedTree::to_made(Cgroup cgroup, const Directory& parent, const kube::Step& step) {
  CgroupMade made{std::move(cgroup), {}, {}};
  if (step.place == Place::pod) made.pod_uid = step.identity;
  if (step.place == Place::container) {
    made.pod_uid = parent.step.identity;
    made.container_id = step.identity;
  }
  return made;
}

std::string WatchedTree::parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// Begins to look into a directory, or goes on; or stops, when it is another one now or none.
void WatchedTree::enter(const std::string& path, kube::Step step, const std::optional<Cgroup>& there, Round& round) {
  auto at = directories_.find(path);
  if (at != directories_.end() && (!there || at->second.id != there->id)) {
    drop(path, round.news);
    at = directories_.end();
  }
  if (!there) return;
  const bool fresh = at == directories_.end();
  if (fresh) {
    if (directories_.size() >= kMostDirectories) {
      failure_ = ENOSPC;
      round.unsure = true;
      return;
    }
    if (step.place == Place::kubepods) {
      roots_.insert(path);
      add_ways(path);
    }
    at = directories_.emplace(path, Directory{there->id, -1, std::move(step), {}}).first;
  }
  // The watch before the list: what is made in between shows in both, and is told once.
  const bool renewed = (!round.again || at->second.watch < 0) && watch(at);
  if (fresh || renewed || round.again) list(path, at->second, round);
}

void WatchedTree::list(const std::string& path, Directory& dir, Round& round) {
  auto names = round.tree.children(path);
  for (const auto& [name, id] : dir.told) names.push_back(name);
  const auto prefix = join(path, "");
  for (auto it = directories_.lower_bound(prefix); it != directories_.end() && it->first.starts_with(prefix); ++it) {
    auto name = it->first.substr(prefix.size());
    if (!name.empty() && name.find('/') == std::string::npos) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const auto& name : names) look_at(path, dir, name, round);
}

/// True when the directory has a watch that it did not have.
bool WatchedTree::watch(Directories::iterator at) {
  auto& dir = at->second;
  if (inotify_.fd() < 0) return false;
  if (dir.watch < 0 && by_watch_.size() >= most_watches_) {
    failure_ = ENOSPC;
    return false;
  }
  const int number = inotify_.add(root_ + at->first);
  if (number < 0) {
    if (!says_gone(errno)) failure_ = errno;  // if it has gone, its parent's watch says so
    return false;
  }
  if (number == dir.watch) return false;
  if (dir.watch >= 0) {
    inotify_.remove(dir.watch);
    by_watch_.erase(dir.watch);
  }
  dir.watch = number;
  by_watch_.insert_or_assign(number, at);
  return true;
}

void WatchedTree::drop(const std::string& path, CgroupNews& news) {
  if (const auto at = directories_.find(path); at != directories_.end()) drop(at, news);
  const auto prefix = join(path, "");
  for (auto it = directories_.lower_bound(prefix); it != directories_.end() && it->first.starts_with(prefix);) {
    drop(it++, news);
  }
}

void WatchedTree::drop(Directories::iterator at, CgroupNews& news) {
  auto& dir = at->second;
  for (const auto& [name, id] : dir.told) news.gone.push_back({id, join(at->first, name)});
  told_ -= dir.told.size();
  if (dir.watch >= 0) {
    // cgroupfs does not end the watches of a directory that is removed.
    inotify_.remove(dir.watch);
    by_watch_.erase(dir.watch);
  }
  directories_.erase(at);
}

}  // namespace mus
