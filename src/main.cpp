// SPDX-License-Identifier: Apache-2.0
// Puts the rooms together: the only file that names concrete classes, and the only one that decides exit codes.
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/audit.hpp"
#include "api/health.hpp"
#include "api/probes.hpp"
#include "api/router.hpp"
#include "cgroup/cgroup_fs.hpp"
#include "cgroup/preflight.hpp"
#include "cgroup/signal_files.hpp"
#include "cgroup/watch.hpp"
#include "cli/client.hpp"
#include "cli/command.hpp"
#include "cli/events.hpp"
#include "cli/pick.hpp"
#include "cli/top/top.hpp"
#include "core/enforcement.hpp"
#include "daemon/daemon.hpp"
#include "daemon/event_log.hpp"
#include "daemon/files.hpp"
#include "daemon/logging.hpp"
#include "daemon/rules_file.hpp"
#include "daemon/state_file.hpp"
#include "http/client.hpp"
#include "http/server.hpp"
#include "http/stream_client.hpp"
#include "kernel/bpf_scheduler.hpp"
#include "kernel/enforcement.hpp"
#include "kernel/memory_scheduler.hpp"
#include "kernel/preflight.hpp"
#include "mus/version.hpp"
#include "pods/check_sources.hpp"
#include "pods/in_cluster.hpp"
#include "pods/kubelet_source.hpp"
#include "pods/runtime_source.hpp"
#include "pods/source_chain.hpp"
#include "web/page.hpp"

namespace {

using namespace mus;

int failed(const Error& error) {
  log_failure(error);
  return 1;
}

// Who is asked for pods, in this order: the kubelet, if there is one to ask, and what container runtimes leave on disk.
struct Pods {
  std::unique_ptr<HttpClient> client;
  std::unique_ptr<PodSource> kubelet;
  std::unique_ptr<RuntimeSource> runtime;
  std::unique_ptr<PodSource> chain;

  [[nodiscard]] std::vector<PodSource*> sources() const {
    if (!kubelet) return {runtime.get()};
    return {kubelet.get(), runtime.get()};
  }
};

Result<void> add_kubelet(Pods& pods, const KubeletSettings& kubelet, bool in_cluster) {
  HttpClientOptions http;
  http.url = kubelet.url;
  http.tls = {kubelet.ca_file, kubelet.server_name, kubelet.pin_file, kubelet.client_cert, kubelet.client_key};
  http.allow_plain_http = kubelet.readonly;
  auto client = make_http_client(std::move(http));
  if (!client) return tl::unexpected(client.error());
  pods.client = std::move(*client);
  KubeletOptions options;
  options.url = kubelet.url;
  options.token_file = kubelet.token_file;
  options.in_cluster = in_cluster;
  auto source = KubeletSource::make(*pods.client, std::move(options));
  if (!source) return tl::unexpected(source.error());
  pods.kubelet = std::move(*source);
  return {};
}

Result<Pods> make_pods(const Options& options) {
  Pods pods;
  Result<void> kubelet;
  if (!options.kubelet.url.empty()) {
    kubelet = add_kubelet(pods, options.kubelet, false);
  } else if (const auto in_cluster = in_cluster_kubelet(options.kubelet, options.node_ip)) {
    kubelet = add_kubelet(pods, *in_cluster, true);
  }
  if (!kubelet) return tl::unexpected(kubelet.error());
  RuntimeOptions runtime;
  runtime.host_root = options.host_root;
  runtime.node = options.node_name;
  pods.runtime = std::make_unique<RuntimeSource>(std::move(runtime));
  pods.chain = std::make_unique<SourceChain>(pods.sources());
  return pods;
}

std::vector<CheckItem> check_pods(const Options& options) {
  const auto pods = make_pods(options);
  if (!pods) return {{"pods", CheckItem::Level::warning, pods.error().message, pods.error().advice}};
  return check_sources(pods->sources(), {has_service_account(), !options.node_ip.empty()});
}

// An error where our scheduler cannot run at all: the kernel's own goes by all of them.
Result<std::vector<Enforcement>> find_enforced(const Options& options) {
  auto settings = check_enforcement(options.scheduler);
  if (!settings) return settings;
  auto controller = check_cgroup2(options.cgroup_root);
  if (controller) controller = check_cpu_controller(options.cgroup_root);
  return controller ? std::move(*settings) : without_controller(std::move(*settings), controller.error());
}

std::vector<CheckItem> check_node(const Options& options, const Result<std::vector<Enforcement>>& enforced) {
  auto items = check_kernel("/sys", options.proc_root);
  if (const auto tree = check_cgroup2(options.cgroup_root); !tree) {
    items.push_back({"cgroup v2", CheckItem::Level::failure, tree.error().message, tree.error().advice});
    return items;  // the rest would only repeat the one thing to do
  }
  items.push_back({"cgroup v2", CheckItem::Level::ok, "mounted at " + options.cgroup_root, {}});
  if (enforced) {
    const auto more = to_check_items(*enforced, options.allow_unenforced);
    items.insert(items.end(), more.begin(), more.end());
  }
  return items;
}

// Looks at the node, and tells the log.
MusServiceOptions make_service_options(const Options& options) {
  MusServiceOptions service{options.dry_run, kernel_release(), options.scheduler, Clock::now,
                            options.allow_ignore_limit};
  if (options.dry_run) {
    service.enforced = none_enforced("dry run: nothing is scheduled");
    return service;
  }
  const auto enforced = find_enforced(options);
  log_findings(check_node(options, enforced));
  service.enforced = enforced ? *enforced : none_enforced(enforced.error().message);
  if (enforced) {
    log_line(enforced_summary(*enforced));
    service.refusal = find_refusal(*enforced, options.allow_unenforced);
  }
  return service;
}

// None where nobody asked for one.
std::unique_ptr<HttpServer> make_probe_server(const Options& options, HttpHandler& probes) {
  if (options.metrics_listen.empty()) return nullptr;
  HttpServerOptions server;
  server.tcp_address = options.metrics_listen;
  server.interfaces = Interfaces::any;
  server.limits.workers = 2;
  return make_http_server(server, probes);
}

int run(const Options& options) {
  start_logging(options.log_level, stderr_is_journal());
  auto loop = MainLoop::open();  // before any thread exists
  if (!loop) return failed(loop.error());
  log_line(std::string("mus-scheduler ") + kVersion + " (" + kGitRevision + ")" + (options.dry_run ? ", dry run" : ""));
  const auto lock = lock_state_dir(options.state_dir);
  if (!lock) return failed(lock.error());
  const auto token = load_or_create_token(options.token_path(), find_group("/etc/group", kGroup));
  if (!token) return failed(token.error());
  const auto pods = make_pods(options);
  if (!pods) return failed(pods.error());
  auto service_options = make_service_options(options);
  StateFile state(options.state_dir);
  service_options.store = &state;
  EventRing events;
  service_options.events = &events;
  RulesFile rules(options.rules, options.state_dir);
  CgroupSignalFiles signals(options.cgroup_root, options.proc_root);
  if (!options.rules.empty()) service_options.rules = &rules;
  service_options.signals = &signals;
  service_options.declarations = {options.annotation_namespaces, options.annotation_ceiling};
  service_options.containers = pods->runtime.get();
  for (const auto& source : pods->chain->states()) log_line("pods may come from: " + source.name);

  const auto scheduler =
      options.dry_run ? make_memory_scheduler() : make_bpf_scheduler(options.scheduler, options.cgroup_root);
  const CgroupFs tree(options.cgroup_root, options.proc_root);
  MusService service(*scheduler, *pods->chain, tree, service_options);
  const auto watch = make_cgroup_watch(options.cgroup_root);
  ApiOptions api_options;
  api_options.events = &events;
  api_options.token = *token;
  api_options.token_path = options.token_path();
  ApiHealth health;
  api_options.metrics = {options.metrics_busiest, options.metrics_pod_labels, &health};
  api_options.page = {kPage, kPagePolicy};
  const auto api = make_api(service, api_options);
  HttpServerOptions server_options;
  server_options.socket_path = options.socket;
  server_options.tcp_address = options.listen;
  const auto audited = make_audited(*api, log_line);
  const auto counted = make_counted(*audited, health);
  const auto server = make_http_server(server_options, *counted);
  const auto probes = make_probes(service, api_options.metrics);
  const auto probe_server = make_probe_server(options, *probes);
  return run_daemon(options, *loop, service, {*server, probe_server.get()}, Notifier::from_environment(),
                    {*watch, events});
}

int check(const Command& command) {
  auto items = check_node(command.options, find_enforced(command.options));
  for (auto& item : check_pods(command.options)) items.push_back(std::move(item));
  return print_check(items, command.json, std::cout);
}

int ask(Command command) {
  if (command.kind == Command::Kind::events) {
    const auto client = make_unix_stream_client(command.options.socket);
    return run_events(command, *client, std::cout, std::cerr);
  }
  HttpClientLimits limits;
  if (command.kind == Command::Kind::top) {
    limits.deadline = std::chrono::seconds(3);  // whoever quits waits no longer for a daemon that hangs
    return run_top(*make_unix_client(command.options.socket, limits), std::cerr);
  }
  if (!command.wait.empty()) limits.deadline += std::chrono::seconds(30);  // as long as the daemon lets anybody wait
  const auto client = make_unix_client(command.options.socket, limits);
  if (command.pick) {
    auto target = pick_target(command, *client, std::cin, std::cerr);
    if (!target) return 1;
    command.target = std::move(*target);
  }
  return run_client(command, *client, std::cout, std::cerr);
}

}  // namespace

int main(int argc, char** argv) {
  auto command = mus::parse_command_line(argc, argv, isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1);
  if (!command) {
    (command.error().code == 0 ? std::cout : std::cerr) << command.error().text;
    return command.error().code;
  }
  switch (command->kind) {
    case mus::Command::Kind::run:
      return run(command->options);
    case mus::Command::Kind::check:
      return check(*command);
    case mus::Command::Kind::version:
      return mus::print_version(std::cout);
    default:
      return ask(std::move(*command));
  }
}
