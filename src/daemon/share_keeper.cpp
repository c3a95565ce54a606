// SPDX-License-Identifier: Apache-2.0
#include "daemon/share_keeper.hpp"

#include <spdlog/spdlog.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "core/hierarchy.hpp"
#include "core/meter_book.hpp"
#include "core/shares.hpp"
#include "mus/types.hpp"

namespace mus {
namespace {

using namespace std::chrono_literals;

constexpr auto kPeriod = 40ms;        // while cgroups wait for each other: what changes is in force within 100 ms
constexpr auto kCalmPeriod = 80ms;    // so that the first look after a pause is not later than that either
constexpr auto kCalm = 300ms;         // without that, before the scheduler is left to tell. Looks at once
                                      // after each short pause would keep time with whoever causes it
constexpr auto kMeterPeriod = 900ms;  // while somebody looks anyway, which rules do once a second
constexpr auto kCpusPeriod = 1s;  // they come and go seldom, and to count them costs as much as to walk a small tree
constexpr auto kServicesPeriod = 5s;  // they come with a reboot or a restart of a service, and directories are read

// What cgroups have done, of one attached scheduler after the other.
class Metering {
 public:
  void follow(const std::shared_ptr<CgroupShares>& shares, TimePoint now) {
    if (shares == shares_) return;
    shares_ = shares;
    book_.emplace(now);
    figures_.reset();
    read_at_ = now;
  }
  [[nodiscard]] bool older_than(std::chrono::milliseconds age, TimePoint now) const {
    return shares_ && now - read_at_ >= age;
  }

  std::shared_ptr<const CgroupFigures> figures(const std::vector<CgroupRecord>& cgroups, TimePoint now) {
    if (figures_ && now - read_at_ < kMeterPeriod) return figures_;
    std::vector<CgroupMeter> meters;
    meters.reserve(cgroups.size());
    for (const auto& cgroup : cgroups) meters.push_back(shares_->meter(cgroup.flow));
    read_at_ = now;
    return figures_ = book_->add(cgroups, meters, now);
  }

 private:
  std::shared_ptr<CgroupShares> shares_;
  std::optional<MeterBook> book_;
  std::shared_ptr<const CgroupFigures> figures_;
  TimePoint read_at_{};
};

/// Whether there is something to divide. While only one cgroup waits, say for real-time tasks or this thread, there is
/// not, once those that it competed with have gone from the averages.
bool compete(Waiting waiting, const std::vector<double>& threads) {
  const auto awake = [](double on_average) { return on_average > kAsleep; };
  return waiting == Waiting::several || (waiting == Waiting::one && std::ranges::count_if(threads, awake) > 1);
}

}  // namespace

ShareKeeper::ShareKeeper(TreeWatch& watch, std::function<std::shared_ptr<CgroupShares>()> current,
                         std::function<std::vector<CgroupId>()> services, const GuardOptions& options,
                         std::chrono::milliseconds most_unread)
    : watch_(watch),
      current_(std::move(current)),
      services_(std::move(services)),
      options_(options),
      most_unread_(most_unread),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void ShareKeeper::run(const std::stop_token& stop) {
  Hierarchy hierarchy(options_);
  std::vector<CgroupId> services;
  std::optional<TimePoint> services_read;
  unsigned cpus = 1;
  std::optional<TimePoint> cpus_counted;
  auto last = Clock::now();
  std::string trouble;
  std::shared_ptr<CgroupShares> shares;
  Metering metering;
  bool contended = true;  // not known yet
  auto last_contended = last;
  for (;;) {
    const bool calm = Clock::now() - last_contended >= kCalm;
    const bool asked = contended ? watch_.wait(stop, kPeriod)
                       : !shares ? watch_.wait(stop, {})
                       : calm    ? watch_.wait(stop, most_unread_, shares->contention_fd())
                                 : watch_.wait(stop, kCalmPeriod);
    if (stop.stop_requested()) return;
    shares = current_();
    metering.follow(shares, Clock::now());
    contended = shares && compete(shares->waiting(), hierarchy.threads());
    if (contended) last_contended = Clock::now();
    if (!shares && asked) watch_.failed({Errc::unavailable, "the scheduler is not attached", "ask again in a moment"});
    if (!shares || (!contended && !asked && !metering.older_than(most_unread_, Clock::now()))) continue;
    auto cgroups = shares->walk();
    if (!cgroups) {
      if (trouble != cgroups.error().message) {
        trouble = cgroups.error().message;
        spdlog::error("cpu.weight stays as it was: {}", trouble);
      }
      watch_.failed(cgroups.error());
      continue;
    }
    trouble.clear();
    const auto now = Clock::now();
    if (services_ && options_.node_floor > 0 && (!services_read || now - *services_read >= kServicesPeriod)) {
      services = services_();
      services_read = now;
    }
    if (!cpus_counted || now - *cpus_counted >= kCpusPeriod) {
      cpus = static_cast<unsigned>(std::max(1, get_nprocs()));
      cpus_counted = now;
    }
    shares->set(hierarchy.update(*cgroups, cpus, now - last, services));
    last = now;
    auto view = std::make_shared<TreeView>();
    view->figures = metering.figures(*cgroups, now);
    view->records = std::move(*cgroups);
    view->threads = hierarchy.threads();
    view->loads = hierarchy.loads();
    view->cpus = cpus;
    view->services = services;
    watch_.publish(std::move(view));
  }
}

}  // namespace mus
