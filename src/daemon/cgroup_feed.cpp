// SPDX-License-Identifier: Apache-2.0
#include "daemon/cgroup_feed.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace mus {

CgroupFeed::CgroupFeed(CgroupWatch& watch, EventSink& events, Follow follow, Places places, Following following)
    : watch_(watch),
      events_(events),
      follow_(std::move(follow)),
      places_(std::move(places)),
      following_(std::move(following)) {}

void CgroupFeed::pass(const CgroupNews& news) {
  if (!news.empty()) follow_();
}

void CgroupFeed::ready() {
  const auto news = watch_.read();
  if (news.overflow) spdlog::warn("the kernel dropped news of cgroups: everything was looked at again");
  pass(news);
}

void CgroupFeed::tick(TimePoint now) {
  if (now >= next_look_ && (next_look_ == TimePoint{} || following_())) {
    next_look_ = now + kPeriod;
    pass(watch_.refresh());
    tell_trouble();
  }
  watch_places();
}

// What the service believes may be older than what the watch knows: the answer sets it right.
void CgroupFeed::watch_places() {
  auto places = places_();
  if (places == watched_) return;
  watched_ = std::move(places);
  pass(watch_.also_watch(watched_));
}

void CgroupFeed::tell_trouble() {
  const auto state = watch_.state();
  auto now = state.trouble ? state.trouble->message : std::string();
  if (now == trouble_) return;
  if (state.trouble) {
    spdlog::warn("{}: {}", now, state.trouble->advice);
    events_.add(EventKind::degraded, {}, now + ": " + state.trouble->advice);
  } else {
    spdlog::info("all cgroup directories are watched again");
    events_.add(EventKind::recovered, {}, "all cgroup directories are watched again");
  }
  trouble_ = std::move(now);
}

}  // namespace mus
