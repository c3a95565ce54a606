// SPDX-License-Identifier: Apache-2.0
#include "daemon/share_keeper.hpp"

#include <spdlog/spdlog.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <optional>
#include <string>

#include "core/hierarchy.hpp"
#include "mus/types.hpp"

namespace mus {
namespace {

using namespace std::chrono_literals;

constexpr auto kPeriod = 40ms;        // while tasks wait for CPUs: what changes is in force within 100 ms
constexpr auto kIdlePeriod = 80ms;    // so that the first look after a pause is not later than that either
constexpr auto kServicesPeriod = 5s;  // they come with a reboot or a restart of a service, and directories are read

}  // namespace

ShareKeeper::ShareKeeper(std::function<std::shared_ptr<CgroupShares>()> current,
                         std::function<std::vector<CgroupId>()> services, const GuardOptions& options)
    : current_(std::move(current)),
      services_(std::move(services)),
      options_(options),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void ShareKeeper::run(const std::stop_token& stop) {
  Hierarchy hierarchy(options_);
  std::vector<CgroupId> services;
  std::optional<TimePoint> services_read;
  auto last = Clock::now();
  auto period = kPeriod;
  std::string trouble;
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, stop, period, [&] { return stop.stop_requested(); })) {
    const auto shares = current_();
    period = kIdlePeriod;
    if (!shares || !shares->contended()) continue;
    period = kPeriod;
    const auto cgroups = shares->walk();
    if (!cgroups) {
      if (trouble != cgroups.error().message) {
        trouble = cgroups.error().message;
        spdlog::error("cpu.weight stays as it was: {}", trouble);
      }
      continue;
    }
    trouble.clear();
    const auto now = Clock::now();
    if (services_ && options_.node_floor > 0 && (!services_read || now - *services_read >= kServicesPeriod)) {
      services = services_();
      services_read = now;
    }
    shares->set(hierarchy.update(*cgroups, static_cast<unsigned>(std::max(1, get_nprocs())), now - last, services));
    last = now;
  }
}

}  // namespace mus
