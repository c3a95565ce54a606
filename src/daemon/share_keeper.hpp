// SPDX-License-Identifier: Apache-2.0
// Divides CPU time anew, a few dozen times a second while cgroups compete for it.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "core/guard.hpp"
#include "mus/scheduler.hpp"

namespace mus {

/// A thread of its own: the kernel may keep it waiting for cgroup_mutex, and neither the API nor the main loop with it.
class ShareKeeper {
 public:
  /// Both are called from that thread. `current`: the attached scheduler's, or none. `services`: the cgroups of
  /// CgroupTree::node_services(), asked for every few seconds at most; may be empty.
  explicit ShareKeeper(std::function<std::shared_ptr<CgroupShares>()> current,
                       std::function<std::vector<CgroupId>()> services = {}, const GuardOptions& options = {});

 private:
  void run(const std::stop_token& stop);

  std::function<std::shared_ptr<CgroupShares>()> current_;
  std::function<std::vector<CgroupId>()> services_;
  GuardOptions options_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: stops and joins before the rest goes
};

}  // namespace mus
