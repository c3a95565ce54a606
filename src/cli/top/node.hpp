// SPDX-License-Identifier: Apache-2.0
// What the daemon tells of the node, as `top` shows it.
#pragma once

#include <cstdint>
#include <deque>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "cli/command.hpp"
#include "mus/types.hpp"

namespace mus::top {

/// They only grow, but for a container that has been made anew.
struct Counters {
  double cpu_seconds = 0;
  double periods = 0;  ///< of its cpu.max
  double throttled_periods = 0;
};

struct ContainerRow {
  std::string id;    ///< tells it from its namesakes, and from what it was before it was made anew
  std::string name;  ///< "shop/redis-0/server"
  std::string ns, pod, container;
  std::string cgroup_path;
  std::uint32_t weight = 1024;
  std::optional<double> boost_left;  ///< seconds, of a boost with a ttl
  std::optional<double> share_cpus;
  std::optional<double> p50_us, p99_us;  ///< none: nobody has waited of late
  std::optional<double> limit_cpus;
  std::optional<Counters> counters;
  // Of late, as Rates has them.
  std::optional<double> cpus;
  std::optional<double> throttled;  ///< part of the periods
};

struct BoostRow {
  std::string id;
  std::string words;    ///< its target: "pod=redis namespace=shop"
  ClientTarget target;  ///< the same
  std::string weight;
  bool declared = false;       ///< by its pod, which alone takes it back
  std::string rule;            ///< that set it, and alone takes it back; empty: none
  std::optional<double> left;  ///< seconds
  std::string pending;         ///< why it does not stand; empty: it does
  std::vector<std::string> cgroup_paths;
};

struct Node {
  std::string scheduler;  ///< "attached", or what else and why
  bool attached = false;
  std::string kernel, version;
  double uptime_seconds = 0;
  std::vector<ContainerRow> containers;
  std::vector<BoostRow> boosts;
};

/// From the answers to GET /status and GET /pods. What is missing in them is missing in the result.
[[nodiscard]] Node read_node(const nlohmann::json& status, const nlohmann::json& pods);

/// Does that boost, or one of a pod around it, stand for the container?
[[nodiscard]] bool covers(const BoostRow& boost, const ContainerRow& container);

/// What counters have grown by in the last few seconds.
class Rates {
 public:
  /// Fills `cpus` and `throttled` in. `now`: when those counters were told.
  void add(std::vector<ContainerRow>& containers, TimePoint now);

 private:
  struct Sample {
    TimePoint at;
    Counters counters;
  };
  std::unordered_map<std::string, std::deque<Sample>> samples_;  ///< by ContainerRow::id, oldest first
};

}  // namespace mus::top
