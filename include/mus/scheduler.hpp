// SPDX-License-Identifier: Apache-2.0
// The scheduler as the daemon sees it. Two implementations in src/kernel: the real one (libbpf, the embedded
// skeleton) and one in memory (`run --dry-run`, tests).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mus/abi.h"
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

/// What the scheduler is told of a cgroup and all below it: struct mus_policy of abi.h.
struct Policy {
  std::uint32_t weight = 0;       ///< MUS_WEIGHT_MIN..MAX; 1024 changes nothing
  std::uint32_t lifted_from = 0;  ///< cpu.max does not hold at this level of the tree (1: children of the root) and
                                  ///< below it; 0: it holds everywhere

  Policy() = default;
  Policy(std::uint32_t w, std::uint32_t lifted = 0) : weight(w), lifted_from(lifted) {}
  bool operator==(const Policy&) const = default;
};

/// A cgroup's cpu.max and what came of it since the present attach (or since the limit was first seen). The counts mean
/// what they do in cpu.stat, where the kernel's own stand still while a sched_ext scheduler runs.
struct LimitStats {
  CgroupId id{};
  std::uint64_t quota_us = 0;
  std::uint64_t period_us = 0;
  std::uint64_t burst_us = 0;
  std::uint64_t periods = 0;
  std::uint64_t throttled_periods = 0;
  std::uint64_t throttled_us = 0;
  std::uint64_t forced = 0;   ///< turns without a budget, so that the kernel's watchdog does not end us
  std::uint64_t pardons = 0;  ///< turns without a budget, for tasks that were stopped inside the kernel
};

/// Counters since the present attach, summed over CPUs. Names are metric names without prefix, in abi.h's order.
struct SchedulerStats {
  std::vector<std::pair<std::string, std::uint64_t>> counters;
  std::vector<LimitStats> limits;  ///< one per cgroup with a cpu.max in which something ran
  std::size_t policies = 0;        ///< in the map, of MUS_MAX_POLICIES
  std::uint32_t caches = 0;        ///< that have queues of their own; 0 while not attached
};

/// A cgroup with tasks in it or below, as the scheduler sees it.
struct CgroupRecord {
  CgroupId id{};
  CgroupId parent{};              ///< 0: the root
  std::uint32_t flow = 0;         ///< by which the scheduler knows it; 0: its tasks compete each for itself
  std::uint32_t shares = 0;       ///< cpu.weight, 1024 for 100; 3 with cpu.idle; 0: the cpu controller is off here
  std::uint32_t boost = 1024;     ///< weight of the nearest policy
  std::uint32_t threads = 0;      ///< runnable ones directly in it, at this moment ...
  std::uint32_t load = 0;         ///< ... and what they weigh together: 100 for one at nice 0
  std::uint32_t level = 0;        ///< 1: a child of the root
  double limit = 0;               ///< CPUs that its own cpu.max allows, quota over period; 0: no limit
  std::uint32_t lifted_from = 0;  ///< its policy lifts limits at this level and below; 0: none
  std::uint32_t birth = 0;        ///< another one: the flow's meter began at 0 again
};

/// What the threads directly in a cgroup have done since its flow began: struct mus_meter of abi.h, summed over CPUs.
struct CgroupMeter {
  std::uint64_t cpu_time_ns = 0;
  std::uint64_t wait_ns = 0;
  std::array<std::uint32_t, MUS_WAIT_BUCKETS> waits{};  ///< they wrap: only differences count
};

/// What a flow competes with, before its boost: struct mus_share of abi.h.
struct FlowShare {
  std::uint32_t flow = 0;
  std::uint32_t own = 0;
  std::uint32_t whole = 0;
  std::uint32_t rivals = 0;

  bool operator==(const FlowShare&) const = default;
};

struct ShareUpdate {
  std::vector<FlowShare> flows;
  std::uint32_t root = 0;      ///< of a thread of the root cgroup
  std::uint32_t heaviest = 0;  ///< of all, boosts included
};

/// Who has had to wait for a CPU.
enum class Waiting {
  nobody,
  one,      ///< cgroup, or the tasks of the root cgroup: there is nothing to divide
  several,  ///< of them
};

/// The attached scheduler's view of the cgroup tree, and the shares that it goes by. For one thread at a time, which
/// need not be the Scheduler's. Outlives a detach: what is set then goes nowhere.
class CgroupShares {
 public:
  virtual ~CgroupShares() = default;

  /// Since the last call. Cheap: a word in a mapped page.
  [[nodiscard]] virtual Waiting waiting() = 0;

  /// Readable as soon as several have had to wait since a waiting() that did not say so, until the next waiting(). The
  /// caller's to wait for, not to read. -1: nobody tells.
  [[nodiscard]] virtual int contention_fd() const = 0;

  /// Parents before their children. The kernel holds cgroup_mutex meanwhile, and may have to wait for it.
  [[nodiscard]] virtual Result<std::vector<CgroupRecord>> walk() = 0;

  /// Of a flow that walk() found; cheap.
  [[nodiscard]] virtual CgroupMeter meter(std::uint32_t flow) = 0;

  /// Takes effect at each task's next enqueue.
  virtual void set(const ShareUpdate& update) = 0;
};

struct SchedulerOptions {
  std::uint64_t slice_ns = 3'000'000;  ///< how long a task runs before the next is looked for
  std::uint64_t lag_ns = 10'000'000;   ///< how far behind in service a cgroup may be that slept
  bool wakeup_preemption = true;       ///< off only to measure what it does
  bool idle_selection = true;          ///< off only to measure: a waking task waits for its previous CPU
  bool queue_per_cache = true;         ///< off: one queue for the machine
  bool cpu_weight = true;              ///< off only to measure: all cgroups alike, wherever they are in the tree
  bool meters = true;                  ///< off only to measure: nothing is known of what cgroups run and wait
  double boost_ceiling = 0.75;         ///< part of the node that all boosted get at most, beside others; 1: no ceiling
  double node_floor = 0.1;             ///< part of the node that its services keep from boosts; 0: no floor
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

  /// Sets weight and lift of a cgroup and all below it. Takes effect at each task's next enqueue.
  /// Errc::invalid_argument for a weight off the scale, Errc::capacity when the map is full, Errc::unavailable when not
  /// attached. Nothing half-applied.
  virtual Result<void> set_policy(CgroupId id, const Policy& policy) = 0;

  /// Removes it; not an error when there is none.
  virtual Result<void> clear_policy(CgroupId id) = 0;

  /// The map as it stands, in no order.
  [[nodiscard]] virtual std::vector<std::pair<CgroupId, Policy>> policies() const = 0;

  virtual Result<SchedulerStats> stats() = 0;

  /// None while not attached, and with `cpu_weight` off. Another one after each attach().
  [[nodiscard]] virtual std::shared_ptr<CgroupShares> shares() const = 0;
};

/// A setting of cgroups that the kernel's own scheduler goes by: does ours, on this node?
struct Enforcement {
  std::string name;  ///< "cpu.weight", "cpu.max", "cpu.idle"
  bool enforced = true;
  std::string detail{};  ///< why not; where it is, a word about it or nothing
  std::string advice{};  ///< what to do; empty where it is enforced
  bool chosen = false;   ///< not enforced because an option says so: no reason to refuse
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
