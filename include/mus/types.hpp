// SPDX-License-Identifier: Apache-2.0
// The nouns that every room shares.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mus {

/// Identity of a cgroup: the inode number of its cgroup2 directory. Unique for as long as the machine is up.
enum class CgroupId : std::uint64_t {};
[[nodiscard]] constexpr std::uint64_t to_u64(CgroupId id) {
  return static_cast<std::uint64_t>(id);
}

/// Monotonic time. Passed as an argument wherever logic depends on it, so that tests own the clock.
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

struct Container {
  enum class Kind { regular, init, sidecar, ephemeral };
  std::string name;
  std::string id;  ///< runtime id, lower-case hex, without "containerd://"; empty until created
  Kind kind = Kind::regular;
  bool running = false;
  std::optional<std::uint32_t> cpu_request_millis{};  ///< resources.requests.cpu, in thousandths of a CPU

  bool operator==(const Container&) const = default;
};

struct Pod {
  std::string ns;
  std::string name;
  std::string uid;          ///< metadata.uid
  std::string config_hash;  ///< annotation kubernetes.io/config.hash: a static pod's uid in cgroup paths; else empty
  std::string node;         ///< spec.nodeName, or empty
  bool terminating = false;
  bool is_static = false;  ///< from a file or URL on the node: its name ends in -<node>
  std::map<std::string, std::string> labels;
  std::vector<Container> containers;
  /// Annotations that begin with "mus-scheduler.io/", less that, as they are written: anything may be in them. Only a
  /// list with labels has them.
  std::map<std::string, std::string> declared{};

  bool operator==(const Pod&) const = default;
};

/// What a list does not have it cannot deny: "there is no such pod" can be said only where nothing is missing.
struct PodList {
  std::vector<Pod> pods;
  TimePoint fetched_at{};  ///< when the source answered
  /// Why it has no labels of pods, and only the containers that there are just now; as the end of a sentence. Empty: it
  /// has them all.
  std::string no_labels{};
  std::string incomplete{};  ///< why there may be pods with containers that are not in it, likewise; empty: none is

  /// Who is not in it is not there, and not about to be.
  [[nodiscard]] bool complete() const { return no_labels.empty() && incomplete.empty(); }
};

/// A directory below the cgroup root. `path` starts with "/" and is relative to that root.
struct Cgroup {
  CgroupId id{};
  std::string path;

  bool operator==(const Cgroup&) const = default;
};

}  // namespace mus
