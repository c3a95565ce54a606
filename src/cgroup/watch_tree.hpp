// SPDX-License-Identifier: Apache-2.0
// Which directories are watched, and what was told of them. A change says only where to look: what is there is read
// from the tree, so that changes may come late, twice, or for something that has gone again.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "cgroup/kube_layout.hpp"
#include "cgroup/tree.hpp"
#include "cgroup/watch_inotify.hpp"
#include "mus/cgroup_watch.hpp"

namespace mus {

class WatchedTree {
 public:
  /// `inotify` must outlive it.
  WatchedTree(std::string root, const Inotify& inotify, std::size_t most_watches);

  void changed(const Tree& tree, int watch, const std::string& name, CgroupNews& news);
  void watch_ended(int watch);
  /// Everything, whether a change told of it or not.
  void look_again(const Tree& tree, CgroupNews& news);
  void want(const Tree& tree, const std::vector<Cgroup>& cgroups, CgroupNews& news);

  [[nodiscard]] std::size_t directories() const { return directories_.size(); }
  [[nodiscard]] std::size_t watched() const { return by_watch_.size(); }
  /// Why the last watch could not be set, as errno says it; 0: all could.
  [[nodiscard]] int failure() const { return failure_; }

 private:
  struct Directory {
    CgroupId id{};
    int watch = -1;  ///< none: only look_again() looks at it
    kube::Step step;
    std::map<std::string, CgroupId> told;  ///< by name: the directories in it that are news when they come and go
  };
  using Directories = std::map<std::string, Directory>;
  struct Round {
    const Tree& tree;
    CgroupNews& news;
    bool again = false;   ///< known directories are listed, too
    bool unsure = false;  ///< something could not be looked at: not to be taken for gone
  };

  [[nodiscard]] bool to_be_entered(kube::Place place, const std::string& path) const;
  [[nodiscard]] bool to_be_told(kube::Place place, const std::string& path) const;
  void look_at(const std::string& path, Directory& dir, const std::string& name, Round& round);
  void look_at(const std::string& path, Round& round);
  void compare(Directory& dir, const std::string& name, const kube::Step& step, const std::string& path,
               const std::optional<Cgroup>& there, Round& round);
  void enter(const std::string& path, kube::Step step, const std::optional<Cgroup>& there, Round& round);
  void list(const std::string& path, Directory& dir, Round& round);
  [[nodiscard]] static CgroupMade to_made(Cgroup cgroup, const Directory& parent, const kube::Step& step);
  [[nodiscard]] static std::string parent_of(const std::string& path);
  bool watch(Directories::iterator at);
  void drop(const std::string& path, CgroupNews& news);
  void drop(Directories::iterator at, CgroupNews& news);
  bool find_roots(const Tree& tree, const std::string& from);
  void add_ways(const std::string& path);
  void renew_ways();
  void enter_ways(Round& round);
  void settle(const Cgroup& believed, const Round& round) const;

  const std::string root_;
  const Inotify& inotify_;
  const std::size_t most_watches_;
  int failure_ = 0;
  std::size_t told_ = 0;
  Directories directories_;  ///< by path: those in which something can appear
  std::unordered_map<int, Directories::iterator> by_watch_;
  std::set<std::string> wanted_;  ///< what also_watch() was given
  std::set<std::string> roots_;   ///< kubepods roots that are or were
  std::set<std::string> ways_;    ///< all that is above one of these
};

}  // namespace mus
