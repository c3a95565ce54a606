// SPDX-License-Identifier: Apache-2.0
#include "daemon/cgroup_feed.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace mus {

CgroupFeed::CgroupFeed(CgroupWatch& watch, EventSink& events, Follow follow)
    : watch_(watch), events_(events), follow_(std::move(follow)) {}

void CgroupFeed::pass(const CgroupNews& news) {
  if (!news.empty()) follow_(news);
}

void CgroupFeed::ready() {
  const auto news = watch_.read();
  if (news.overflow) spdlog::warn("the kernel dropped news of cgroups: everything was looked at again");
  pass(news);
}

void CgroupFeed::tick(const std::shared_ptr<const StatusSnapshot>& status, TimePoint now) {
  if (now >= next_look_) {
    next_look_ = now + kPeriod;
    pass(watch_.refresh());
    tell_trouble();
  }
  follow_boosts(status);
}

// A snapshot may be older than the watch: what it believes is set right by the answer.
void CgroupFeed::follow_boosts(const std::shared_ptr<const StatusSnapshot>& status) {
  if (!status || status == seen_) return;
  seen_ = status;
  std::vector<Cgroup> boosted;
  for (const auto& boost : status->boosts) {
    for (const auto& applied : boost.applied) boosted.push_back(applied.cgroup);
  }
  if (boosted == boosted_) return;
  boosted_ = std::move(boosted);
  pass(watch_.also_watch(boosted_));
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
