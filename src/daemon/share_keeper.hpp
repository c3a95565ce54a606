// SPDX-License-Identifier: Apache-2.0
// Divides CPU time anew, a few dozen times a second while cgroups compete for it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <thread>
#include <vector>

#include "core/guard.hpp"
#include "daemon/tree_watch.hpp"
#include "mus/scheduler.hpp"

namespace mus {

/// A thread of its own: the kernel may keep it waiting for cgroup_mutex, and neither the API nor the main loop with it.
class ShareKeeper {
 public:
  /// A reading costs as much as there are cgroups, and an idle node is to notice none of it: at 250 pods some five
  /// million instructions. Counts that come once a microsecond wrap after an hour.
  static constexpr std::chrono::minutes kMostUnread{1};

  /// What it sees goes to `watch`, which outlives it; who waits there is served also while nothing is divided. Both
  /// functions are called from that thread. `current`: the attached scheduler's, or none; asked again when tasks have
  /// to wait for CPUs and when somebody asks `watch`, which is due after each attach. `services`: the cgroups of
  /// CgroupTree::node_services(), asked for every few seconds at most; may be empty. `most_unread`: how long meters go
  /// unread where nobody asks and no task waits.
  ShareKeeper(TreeWatch& watch, std::function<std::shared_ptr<CgroupShares>()> current,
              std::function<std::vector<CgroupId>()> services = {}, const GuardOptions& options = {},
              std::chrono::milliseconds most_unread = kMostUnread);

 private:
  void run(const std::stop_token& stop);

  TreeWatch& watch_;
  std::function<std::shared_ptr<CgroupShares>()> current_;
  std::function<std::vector<CgroupId>()> services_;
  GuardOptions options_;
  std::chrono::milliseconds most_unread_;
  std::jthread thread_;  // last: stops and joins before the rest goes
};

}  // namespace mus
