// SPDX-License-Identifier: Apache-2.0
// The node of fakes.hpp with a disk: the daemon can be started again.
#pragma once

#include <memory>

#include "unit/daemon/fakes.hpp"

namespace mus::test {

struct KeptNode : Node {
  FakeStore store;
  Calendar calendar{std::chrono::seconds{1'800'000'000}, std::chrono::seconds{5000}, "boot-1"};
  std::unique_ptr<MusService> daemon;

  KeptNode() {
    service.stop();
    start();
  }

  /// As after a kill -9: nothing is left but the disk.
  void start(bool allow_ignore_limit = false) {
    daemon.reset();
    scheduler.detach();
    MusServiceOptions options;
    options.dry_run = true;
    options.kernel = "6.18.0-test";
    options.now = [this] { return now; };
    options.allow_ignore_limit = allow_ignore_limit;
    options.store = &store;
    options.calendar = [this] { return calendar; };
    options.disk_patience = std::chrono::milliseconds{200};
    daemon = std::make_unique<MusService>(scheduler, pods, tree, std::move(options));
    (void)!daemon->start();
  }
  void pass(std::chrono::milliseconds time) {
    now += time;
    calendar.wall += time;
    calendar.boottime += time;
    daemon->tick();
  }
  [[nodiscard]] Boost shown(std::size_t index = 0) const { return daemon->boosts().at(index); }
};

}  // namespace mus::test
