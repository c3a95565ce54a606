// SPDX-License-Identifier: Apache-2.0
// Brings the news of the cgroup tree to the one who keeps boosts, as they come and by a regular full look.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "mus/cgroup_watch.hpp"
#include "mus/events.hpp"
#include "mus/types.hpp"

namespace mus {

/// For the main loop's thread. Everything given must outlive it.
class CgroupFeed {
 public:
  using Follow = std::function<void()>;
  using Places = std::function<std::vector<Cgroup>()>;
  using Following = std::function<bool()>;

  static constexpr std::chrono::seconds kPeriod{30};

  /// `follow` is called where something came or went; `places` says which directories count that are no pod's;
  /// `following`, whether there is anything that could follow: without, the regular look is left out.
  CgroupFeed(CgroupWatch& watch, EventSink& events, Follow follow, Places places, Following following);

  /// When the watch's descriptor can be read from.
  void ready();
  /// Several times a second. The first one looks at everything.
  void tick(TimePoint now);

 private:
  void pass(const CgroupNews& news);
  void watch_places();
  void tell_trouble();

  CgroupWatch& watch_;
  EventSink& events_;
  const Follow follow_;
  const Places places_;
  const Following following_;
  TimePoint next_look_{};  ///< TimePoint{} until the first
  std::vector<Cgroup> watched_;
  std::string trouble_;
};

}  // namespace mus
