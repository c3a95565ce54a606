// SPDX-License-Identifier: Apache-2.0
// Somebody who believes what a CgroupWatch tells, and nothing else.
#pragma once

#include <poll.h>

#include <chrono>
#include <map>
#include <string>

#include "mus/cgroup_watch.hpp"

namespace mus::test {

/// Can something be read within the time?
inline bool readable(int fd, std::chrono::milliseconds patience = std::chrono::milliseconds(0)) {
  pollfd one{fd, POLLIN, 0};
  return ::poll(&one, 1, static_cast<int>(patience.count())) == 1;
}

class CgroupFollower {
 public:
  explicit CgroupFollower(CgroupWatch& watch) : watch_(watch) {}

  void take(const CgroupNews& news) {
    for (const auto& cgroup : news.gone) {
      const auto found = there_.find(cgroup.path);
      if (found == there_.end() || found->second.cgroup.id != cgroup.id) ++mistakes_;  // it never was, for us
      if (found != there_.end()) there_.erase(found);
    }
    for (const auto& made : news.made) {
      if (!there_.emplace(made.cgroup.path, made).second) ++mistakes_;  // told twice
    }
    overflowed_ = overflowed_ || news.overflow;
  }

  /// What the kernel tells within the time, until it is silent.
  void follow(std::chrono::milliseconds patience = std::chrono::seconds(5)) {
    while (readable(watch_.fd(), patience)) {
      take(watch_.read());
      patience = std::chrono::milliseconds(0);
    }
  }

  [[nodiscard]] const CgroupMade* at(const std::string& path) const {
    const auto found = there_.find(path);
    return found == there_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] std::size_t size() const { return there_.size(); }
  [[nodiscard]] int mistakes() const { return mistakes_; }
  [[nodiscard]] bool overflowed() const { return overflowed_; }

 private:
  CgroupWatch& watch_;
  std::map<std::string, CgroupMade> there_;
  int mistakes_ = 0;
  bool overflowed_ = false;
};

}  // namespace mus::test
