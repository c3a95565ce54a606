// SPDX-License-Identifier: Apache-2.0
#include "core/meter_book.hpp"

#include <cstddef>
#include <numeric>
#include <ranges>

#include "core/run_delay.hpp"

namespace mus {

MeterBook::Sums& MeterBook::Sums::operator+=(const Sums& other) {
  cpu_time_ns += other.cpu_time_ns;
  wait_ns += other.wait_ns;
  for (std::size_t i = 0; i < delays.size(); ++i) delays[i] += other.delays[i];
  return *this;
}

MeterBook::Sums& MeterBook::Sums::operator-=(const Sums& other) {
  cpu_time_ns -= other.cpu_time_ns;
  wait_ns -= other.wait_ns;
  for (std::size_t i = 0; i < delays.size(); ++i) delays[i] -= other.delays[i];
  return *this;
}

std::shared_ptr<const CgroupFigures> MeterBook::add(const std::vector<CgroupRecord>& records,
                                                    const std::vector<CgroupMeter>& meters, TimePoint now) {
  ++readings_;
  take(records, meters);
  inherit();
  auto figures = sum_up(records, now);
  move_window(now);
  return figures;
}

void MeterBook::take(const std::vector<CgroupRecord>& records, const std::vector<CgroupMeter>& meters) {
  for (std::size_t i = 0; i < records.size(); ++i) {
    auto& account = accounts_[records[i].id];
    account.parent = records[i].parent;
    account.seen = readings_;
    if (records[i].flow == 0) continue;  // its tasks are counted with others'
    auto& last = last_[records[i].flow];
    if (last.birth != records[i].birth) last = {records[i].birth, {}};
    account.now.cpu_time_ns += meters[i].cpu_time_ns - last.meter.cpu_time_ns;
    account.now.wait_ns += meters[i].wait_ns - last.meter.wait_ns;
    for (std::size_t bucket = 0; bucket < meters[i].waits.size(); ++bucket) {
      account.now.delays[bucket] += static_cast<std::uint32_t>(meters[i].waits[bucket] - last.meter.waits[bucket]);
    }
    last.meter = meters[i];
  }
}

std::shared_ptr<const CgroupFigures> MeterBook::sum_up(const std::vector<CgroupRecord>& records, TimePoint now) const {
  struct Both {
    Sums now;
    Sums before;
  };
  std::map<CgroupId, Both> sums;
  for (const auto& [id, account] : accounts_) sums[id] = {account.now, account.before};
  for (const auto& record : std::views::reverse(records)) {
    const auto above = sums.find(record.parent);
    if (above == sums.end()) continue;
    const auto& own = sums[record.id];
    above->second.now += own.now;
    above->second.before += own.before;
  }

  auto figures = std::make_shared<CgroupFigures>();
  figures->read_at = now;
  figures->cgroups.reserve(sums.size());
  for (auto& [id, both] : sums) {
    auto& stats = figures->cgroups[id];
    stats.cpu_time_ns = both.now.cpu_time_ns;
    stats.wait_ns = both.now.wait_ns;
    stats.delays = both.now.delays;
    stats.waits = std::accumulate(stats.delays.begin(), stats.delays.end(), std::uint64_t{0});
    both.now -= both.before;
    stats.window = std::chrono::duration_cast<std::chrono::milliseconds>(now - before_at_);
    stats.recent_cpu_time_ns = both.now.cpu_time_ns;
    stats.recent = run_delay(both.now.delays);
  }
  return figures;
}

// What those that are gone have done stays with the nearest cgroup above that is there. It is there at each end of the
// window, too, or it would count as done just now.
void MeterBook::inherit() {
  const auto is_gone = [this](const Account& account) { return account.seen != readings_; };
  for (const auto& [id, account] : accounts_) {
    if (!is_gone(account)) continue;
    auto above = accounts_.find(account.parent);
    while (above != accounts_.end() && is_gone(above->second)) above = accounts_.find(above->second.parent);
    if (above == accounts_.end()) continue;
    above->second.now += account.now;
    above->second.before += account.before;
    above->second.next += account.next;
  }
  std::erase_if(accounts_, [&](const auto& entry) { return is_gone(entry.second); });
}

void MeterBook::move_window(TimePoint now) {
  if (now - next_at_ < kWindow) return;
  before_at_ = next_at_;
  next_at_ = now;
  for (auto& [id, account] : accounts_) {
    account.before = account.next;
    account.next = account.now;
  }
}

}  // namespace mus
