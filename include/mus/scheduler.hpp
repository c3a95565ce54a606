// SPDX-License-Identifier: Apache-2.0
// The scheduler as the daemon sees it. Two implementations in src/kernel: the real one (libbpf, the embedded
// skeleton) and one in memory (`run --dry-run`, tests).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mus/result.hpp"
#include "mus/types.hpp"

namespace mus {

/// struct scx_exit_info as the kernel handed it to us. `kind` is enum scx_exit_kind: 64 unregistered by us,
/// 65 by BPF, 66 by the kernel (hotplug), 67 SysRq-S, 1024 and above are errors (1026: a runnable task stalled).
struct ExitRecord {
  std::uint32_t kind = 0;
  std::int64_t code = 0;  ///< SCX_ECODE_*: bit 48 = SCX_ECODE_ACT_RESTART, bit 32 = SCX_ECODE_RSN_HOTPLUG
  std::string reason;
  std::string message;
};

struct CgroupStats {
  std::uint64_t cpu_time_ns = 0;
  std::uint64_t wait_ns = 0;  ///< run-queue wait, summed over `waits`
  std::uint64_t waits = 0;
};

/// Counters since the present attach, summed over CPUs. Names are metric names without prefix, in abi.h's order.
struct SchedulerStats {
  std::vector<std::pair<std::string, std::uint64_t>> counters;
  std::vector<std::pair<CgroupId, CgroupStats>> cgroups;  ///< one per policy in the map
  std::uint32_t caches = 0;                               ///< that have queues of their own; 0 while not attached
};

struct SchedulerOptions {
  std::uint64_t slice_ns = 3'000'000;  ///< how long a task runs before the next is looked for
  std::uint64_t lag_ns = 10'000'000;   ///< how far behind in service a cgroup may be that slept
  bool wakeup_preemption = true;       ///< off only to measure what it does
  bool idle_selection = true;          ///< off only to measure: a waking task waits for its previous CPU
  bool queue_per_cache = true;         ///< off: one queue for the machine
};

/// Owner of the kernel's scheduler slot. Not thread-safe: the daemon serialises all calls with one mutex.
class Scheduler {
 public:
  virtual ~Scheduler() = default;

  /// Loads and attaches. Errc::busy: another sched_ext scheduler runs; Errc::unsupported: this kernel cannot.
  /// Policies set before are gone: the caller replays them. Error leaves nothing loaded.
  virtual Result<void> attach() = 0;

  /// Hands the node back to the kernel's own scheduler; returns once the kernel says so. Idempotent.
  virtual void detach() = 0;

  /// True from a successful attach() until detach() or ejection; cheap (reads a mapped page).
  [[nodiscard]] virtual bool attached() const = 0;

  /// Why the kernel ejected us since the last attach(); empty while attached or after our own detach().
  [[nodiscard]] virtual std::optional<ExitRecord> ejection() const = 0;

  /// Sets the weight (MUS_WEIGHT_MIN..MAX) of a cgroup and all below it. Takes effect at each task's next
  /// enqueue. Errc::capacity when the map is full, Errc::unavailable when not attached. Nothing half-applied.
  virtual Result<void> set_policy(CgroupId id, std::uint32_t weight) = 0;

  /// Removes it; not an error when there is none.
  virtual Result<void> clear_policy(CgroupId id) = 0;

  /// The map as it stands, in no order.
  [[nodiscard]] virtual std::vector<std::pair<CgroupId, std::uint32_t>> policies() const = 0;

  virtual Result<SchedulerStats> stats() = 0;
};

/// One line of `check`: can this node run us?
struct CheckItem {
  enum class Level { ok, warning, failure };
  std::string name;  ///< "sched_ext", "BTF", "cgroup v2", ...
  Level level = Level::ok;
  std::string detail;  ///< what was found
  std::string advice;  ///< what to do; empty when ok
};

}  // namespace mus
