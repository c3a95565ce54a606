// SPDX-License-Identifier: Apache-2.0
// Everything that can be set about the daemon, as plain values: src/cli fills it from flags and environment and has
// refused the combinations that make no sense; main and src/daemon read it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mus/scheduler.hpp"

namespace mus {

inline constexpr const char* kDefaultSocket = "/run/mus-scheduler/api.sock";
inline constexpr const char* kDefaultListen = "127.0.0.1:9797";
/// Whose members may use the socket and read the token (systemd/mus-scheduler.sysusers.conf makes it).
inline constexpr const char* kGroup = "mus-scheduler";

/// How to reach the kubelet's /pods. With an empty `url` it is the one at Options::node_ip, where there is one: then
/// the service account's token and CA are the defaults.
struct KubeletSettings {
  std::string url{};          ///< "https://127.0.0.1:10250"; http:// only with `readonly`, on loopback
  std::string token_file{};   ///< read again for every request: Kubernetes rotates it
  std::string ca_file{};      ///< verify against this CA, with `server_name` where the address is in no certificate
  std::string client_cert{};  ///< with `client_key`
  std::string client_key{};
  std::string server_name{};
  std::string pin_file{};  ///< accept exactly this leaf certificate
  bool readonly = false;

  bool operator==(const KubeletSettings&) const = default;
};

struct Options {
  enum class OnUnsupported {
    fail,  ///< exit 1 and say what to do
    idle,  ///< stay alive with /readyz 503: a DaemonSet pod on a node that cannot run us
  };
  std::string socket = kDefaultSocket;
  std::string listen = kDefaultListen;  ///< "ADDRESS:PORT"; empty: no TCP
  /// "ADDRESS:PORT", on any interface: /metrics, /livez and /readyz for whoever connects, and nothing else. Empty:
  /// none.
  std::string metrics_listen;
  std::uint32_t metrics_busiest = 10;  ///< containers with series of their own in /metrics, besides the boosted
  bool metrics_pod_labels = false;     ///< these series name namespace, pod and container
  std::string state_dir = "/var/lib/mus-scheduler";
  std::string rules = "/etc/mus-scheduler/rules.json";  ///< need not be there; empty: no rules, ever
  std::string token_file;                               ///< empty: "token" in state_dir
  std::string cgroup_root = "/sys/fs/cgroup";
  std::string proc_root = "/proc";
  std::string host_root = "/";  ///< where the node's root directory is: what container runtimes leave is read below it
  std::string node_ip;          ///< the node's address: where its kubelet is, for a daemon that runs in a pod
  std::string node_name;        ///< as in spec.nodeName; empty: the host's name
  KubeletSettings kubelet;
  OnUnsupported on_unsupported = OnUnsupported::fail;
  bool dry_run = false;
  bool allow_ignore_limit = false;  ///< requests may lift cpu.max with ignore_limit
  /// Namespaces whose pods may declare boosts by annotations; "*": all. Empty: none.
  std::vector<std::string> annotation_namespaces;
  std::uint32_t annotation_ceiling = 4096;  ///< the highest weight that they may declare
  /// Of "cpu.weight", "cpu.max" and "cpu.idle": on a node where our scheduler cannot go by these, it runs all the same.
  std::vector<std::string> allow_unenforced;
  SchedulerOptions scheduler;
  std::string log_level = "info";  ///< debug, info, warn, error

  [[nodiscard]] std::string token_path() const { return token_file.empty() ? state_dir + "/token" : token_file; }
};

}  // namespace mus
