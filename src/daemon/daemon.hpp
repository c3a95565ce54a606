// SPDX-License-Identifier: Apache-2.0
// The daemon's life: attach, listen, say READY, look after everything until a signal comes, hand the node back.
#pragma once

#include "daemon/main_loop.hpp"
#include "daemon/sd_notify.hpp"
#include "daemon/service.hpp"
#include "mus/cgroup_watch.hpp"
#include "mus/events.hpp"
#include "mus/http.hpp"
#include "mus/options.hpp"

namespace mus {

/// What is told while it runs, and to whom.
struct DaemonFeeds {
  CgroupWatch& watch;
  EventSink& events;
};

/// Who listens.
struct DaemonServers {
  HttpServer& api;
  HttpServer* probes = nullptr;  ///< none: there is no Options::metrics_listen
};

/// Returns the process's exit code. `loop` was opened before any thread was started. The state directory is locked by
/// the caller for as long as this runs.
int run_daemon(const Options& options, MainLoop& loop, MusService& service, const DaemonServers& servers,
               const Notifier& notifier, const DaemonFeeds& feeds);

}  // namespace mus
