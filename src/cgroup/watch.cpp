// SPDX-License-Identifier: Apache-2.0
#include "cgroup/watch.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "cgroup/watch_inotify.hpp"
#include "cgroup/watch_tree.hpp"

namespace mus {
namespace {

constexpr const char* kMeanwhile = "; until then what changes there is found by the regular walk";

class CgroupfsWatch final : public CgroupWatch {
 public:
  CgroupfsWatch(std::string root, std::size_t most_watches)
      : root_(std::move(root)), start_error_(inotify_.fd() < 0 ? errno : 0), watched_(root_, inotify_, most_watches) {}

  [[nodiscard]] int fd() const override { return inotify_.fd(); }

  [[nodiscard]] CgroupNews read() override {
    CgroupNews news;
    const std::lock_guard lock(mutex_);
    if (inotify_.fd() < 0) return news;
    const auto changes = inotify_.read();
    const auto tree = open();
    // A container that is killed and made again changes one name many times; one look is enough.
    std::set<std::pair<int, std::string>> looked_at;
    for (const auto& change : changes) {
      if (change.missed) news.overflow = true;
      if (change.ended) watched_.watch_ended(change.watch);
      if (change.missed || change.ended || !looked_at.emplace(change.watch, change.name).second) continue;
      if (tree) watched_.changed(*tree, change.watch, change.name, news);
    }
    if (!tree && !changes.empty()) news.overflow = true;
    if (news.overflow) {
      ++overflows_;
      if (tree) look_again(*tree, news);
    }
    return news;
  }

  [[nodiscard]] CgroupNews refresh() override {
    CgroupNews news;
    const std::lock_guard lock(mutex_);
    if (const auto tree = open()) look_again(*tree, news);
    return news;
  }

  [[nodiscard]] CgroupNews also_watch(const std::vector<Cgroup>& cgroups) override {
    CgroupNews news;
    const std::lock_guard lock(mutex_);
    const auto tree = started_ ? open() : std::nullopt;
    if (tree) {
      postponed_.reset();
      watched_.want(*tree, cgroups, news);
    } else {
      postponed_ = cgroups;
    }
    return news;
  }

  [[nodiscard]] CgroupWatchState state() const override {
    const std::lock_guard lock(mutex_);
    CgroupWatchState state{watched_.directories(), watched_.watched(), overflows_, root_error_};
    if (state.trouble) return state;
    if (start_error_ != 0) {
      state.trouble =
          Error{Errc::io, std::string("cgroups cannot be watched: ") + std::strerror(start_error_),
                std::string("raise fs.inotify.max_user_instances, or end what uses them up, and restart") + kMeanwhile};
    } else if (watched_.failure() != 0) {
      const auto unwatched = std::to_string(state.directories - std::min(state.watched, state.directories));
      state.trouble =
          watched_.failure() == ENOSPC
              ? Error{Errc::capacity, "there are no more watches for " + unwatched + " cgroup directories",
                      std::string("raise fs.inotify.max_user_watches") + kMeanwhile}
              : Error{Errc::io,
                      unwatched + " cgroup directories cannot be watched: " + std::strerror(watched_.failure()),
                      std::string("check who may read the cgroup root") + kMeanwhile};
    }
    return state;
  }

 private:
  [[nodiscard]] std::optional<Tree> open() {
    auto tree = Tree::open(root_);
    root_error_ = tree ? std::nullopt : std::optional(tree.error());
    return tree ? std::optional(std::move(*tree)) : std::nullopt;
  }

  void look_again(const Tree& tree, CgroupNews& news) {
    watched_.look_again(tree, news);
    started_ = true;
    if (postponed_) watched_.want(tree, *std::exchange(postponed_, std::nullopt), news);
  }

  const std::string root_;
  const Inotify inotify_;
  const int start_error_;
  mutable std::mutex mutex_;
  WatchedTree watched_;
  bool started_ = false;
  std::optional<std::vector<Cgroup>> postponed_;  ///< what also_watch() was given while nothing could be looked at
  std::uint64_t overflows_ = 0;
  std::optional<Error> root_error_;
};

}  // namespace

std::unique_ptr<CgroupWatch> make_cgroup_watch(std::string cgroup_root, std::size_t most_watches) {
  return std::make_unique<CgroupfsWatch>(std::move(cgroup_root), most_watches);
}

}  // namespace mus
