// SPDX-License-Identifier: Apache-2.0
// Brings the news of the cgroup tree to the one who keeps boosts, as they come and by a regular full look.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "mus/cgroup_watch.hpp"
#include "mus/events.hpp"
#include "mus/service.hpp"

namespace mus {

/// For the main loop's thread. Everything given must outlive it.
class CgroupFeed {
 public:
  using Follow = std::function<void(const CgroupNews&)>;

  static constexpr std::chrono::seconds kPeriod{30};

  CgroupFeed(CgroupWatch& watch, EventSink& events, Follow follow);

  /// When the watch's descriptor can be read from.
  void ready();
  /// Several times a second. The first one looks at everything. `status` says what is boosted.
  void tick(const std::shared_ptr<const StatusSnapshot>& status, TimePoint now);

 private:
  void pass(const CgroupNews& news);
  void follow_boosts(const std::shared_ptr<const StatusSnapshot>& status);
  void tell_trouble();

  CgroupWatch& watch_;
  EventSink& events_;
  const Follow follow_;
  TimePoint next_look_{};
  std::shared_ptr<const StatusSnapshot> seen_;
  std::vector<Cgroup> boosted_;
  std::string trouble_;
};

}  // namespace mus
