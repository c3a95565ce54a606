// SPDX-License-Identifier: Apache-2.0
#include "daemon/daemon.hpp"

#include <spdlog/spdlog.h>

#include <csignal>
#include <string>

#include "daemon/bell.hpp"
#include "daemon/cgroup_feed.hpp"
#include "daemon/share_keeper.hpp"
#include "daemon/status_events.hpp"

namespace mus {
namespace {

using namespace std::chrono_literals;

// Short enough that an ejection and the end of a boost are noticed at once for a human, and next to nothing to do.
constexpr auto kTick = 250ms;

std::string summary(const StatusSnapshot& status) {
  if (status.mode == SchedulerMode::attached) {
    return std::string(status.dry_run ? "dry run: " : "attached, ") + std::to_string(status.boosts.size()) +
           " boost(s)";
  }
  return "the kernel's own scheduler runs: " + status.reason;
}

// False: the daemon has no reason to stay.
bool attach_first(const Options& options, MusService& service) {
  const auto attached = service.start();
  if (attached) return true;
  const auto status = service.status();
  if (status->mode != SchedulerMode::unsupported) return true;  // it passes: tried again at the ticks
  if (options.on_unsupported == Options::OnUnsupported::idle) {
    spdlog::warn("staying idle as --on-unsupported=idle asks for: /readyz says 503");
    return true;
  }
  spdlog::error("this node cannot run mus-scheduler: {}", attached.error().message);
  spdlog::error("{}", attached.error().advice.empty() ? "run `mus-scheduler check`: it says what to do"
                                                      : attached.error().advice + "; `mus-scheduler check` says more");
  return false;
}

std::string with_port(const std::string& address, const HttpServer& server) {
  return address.substr(0, address.rfind(':') + 1) + std::to_string(server.port());
}

Result<void> start_listening(const Options& options, const DaemonServers& servers) {
  if (auto started = servers.api.start(); !started) return started;
  spdlog::info("listening on {}{}", options.socket,
               options.listen.empty() ? std::string() : " and " + with_port(options.listen, servers.api));
  if (servers.probes == nullptr) return {};
  if (auto started = servers.probes->start(); !started) {
    servers.api.stop();
    return started;
  }
  spdlog::info("/metrics, /livez and /readyz on {}", with_port(options.metrics_listen, *servers.probes));
  return {};
}

}  // namespace

int run_daemon(const Options& options, MainLoop& loop, MusService& service, const DaemonServers& servers,
               const Notifier& notifier, const DaemonFeeds& feeds) {
  if (!attach_first(options, service)) return 1;
  if (auto started = start_listening(options, servers); !started) {
    spdlog::error("{}{}{}", started.error().message, started.error().advice.empty() ? "" : ": ",
                  started.error().advice);
    service.stop();
    return 1;
  }
  const ShareKeeper keeper(
      service.tree_watch(), [&service] { return service.shares(); }, [&service] { return service.node_services(); },
      {options.scheduler.boost_ceiling, options.scheduler.node_floor});
  const Chore refresher(service.refresh_bell(), [&service] { return service.refresh(); });
  const Chore ruler(service.rules_bell(), [&service] { return service.run_rules(); });
  const Chore saver(service.save_bell(), [&service] { return service.save(); });
  std::string told = summary(*service.status());
  notifier.ready(told);

  // At half the interval, from here only: a main loop that hangs on the service's lock or in the kernel is what the
  // watchdog is for.
  CgroupFeed cgroups(
      feeds.watch, feeds.events, [&service] { service.follow(); }, [&service] { return service.followed_places(); },
      [&service] { return service.follows_any(); });
  StatusEvents status_events(feeds.events);
  const auto watchdog = notifier.watchdog_interval();
  auto next_ping = Clock::now();
  MainLoop::Handlers handlers;
  handlers.hangup = [] { spdlog::info("SIGHUP changes nothing: settings are read at the start"); };
  if (feeds.watch.fd() >= 0) handlers.sources.push_back({feeds.watch.fd(), [&cgroups] { cgroups.ready(); }});
  handlers.tick = [&] {
    service.tick();
    const auto status = service.status();
    cgroups.tick(Clock::now());
    status_events.observe(*status);
    if (watchdog && Clock::now() >= next_ping && service.healthy()) {
      notifier.watchdog();
      next_ping = Clock::now() + *watchdog / 2;
    }
    if (auto now = summary(*status); now != told) {
      told = std::move(now);
      notifier.status(told);
    }
  };
  const auto signal = loop.run(kTick, handlers);

  notifier.stopping();
  if (signal) {
    spdlog::info("{}: handing the node back", *signal == SIGTERM ? "SIGTERM" : "SIGINT");
  } else {
    spdlog::error("{}", signal.error().message);
  }
  service.stop();  // the node first, the callers after it
  status_events.observe(*service.status());
  servers.api.stop();
  if (servers.probes != nullptr) servers.probes->stop();
  (void)service.save();
  spdlog::info("stopped");
  return signal ? 0 : 1;
}

}  // namespace mus
