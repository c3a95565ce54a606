// SPDX-License-Identifier: Apache-2.0
// What the API may ask of the daemon, in the API's own words. Implemented in src/daemon; tests use a fake.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mus/cgroup_stats.hpp"
#include "mus/explain.hpp"
#include "mus/pod_source.hpp"
#include "mus/result.hpp"
#include "mus/rules.hpp"
#include "mus/scheduler.hpp"
#include "mus/types.hpp"

namespace mus {

/// What a caller named. Exactly one of pod/label/uid-only (Kubernetes), cgroup, unit, pid - checked by the API.
struct Target {
  enum class Kind { pod, cgroup, unit, pid };
  Kind kind = Kind::pod;
  std::string pod;        ///< exact name, or the app label's value, or a static pod's name less "-<node>"
  std::string ns;         ///< empty: any namespace
  std::string container;  ///< empty: the whole pod
  std::string uid;        ///< empty: any
  std::string label;      ///< "key=value"; with or instead of `pod`
  bool all = false;       ///< several matches are meant
  std::string cgroup;     ///< path below the cgroup root
  std::string unit;
  std::int64_t pid = 0;

  bool operator==(const Target&) const = default;
};

struct PrioritizeRequest {
  Target target;
  std::uint32_t weight = 4096;
  std::optional<std::chrono::milliseconds> ttl;
  bool dry_run = false;
  bool ignore_limit = false;  ///< cpu.max does not hold, from the target up to and including its pod
  std::optional<std::chrono::milliseconds> wait{};  ///< for it to be applied, before it is answered
};

/// One cgroup that a boost acts on.
struct AppliedCgroup {
  Cgroup cgroup;
  std::string ns, pod, uid, container;  ///< empty for cgroup=, unit= and pid=
  std::uint32_t weight = 0;
  /// Its tasks ignore cpu.max at this level of the tree and below, as in Policy; the pod's level, or that of the cgroup
  /// itself where there is none. 0: limits hold.
  std::uint32_t lifted_from = 0;
};

/// One boost: what was asked for (desired) and what stands in the scheduler's map (applied).
struct Boost {
  enum class State : std::uint8_t {
    applied,
    pending,  ///< kept, and applied as soon as that is possible
    expired,  ///< its time was up; shown for some minutes
    ended,    ///< the pod that it named by uid is no more; shown for some minutes
  };
  std::string id;  ///< stable for the life of the boost: "b1", "b2", ...; empty for a dry run's
  Target target;
  std::uint32_t weight = 0;
  std::optional<std::chrono::milliseconds> ttl;         ///< as asked
  std::optional<std::chrono::milliseconds> expires_in;  ///< left now
  std::vector<AppliedCgroup> applied;
  std::string pending;        ///< why nothing, or not all of it, is applied; empty when applied
  bool ignore_limit = false;  ///< as asked
  State state = State::pending;
  std::string note{};     ///< what is odd about it, such as matches that are still starting; empty as a rule
  bool declared = false;  ///< by an annotation of the pod; DELETE does not take it back
  std::string rule{};     ///< the rule that set it; DELETE does not take it back
};

struct PrioritizeReply {
  Boost boost;
  bool replaced = false;
  bool dry_run = false;
  std::string note;  ///< e.g. which cgroup a pid is in; may be empty
  Outlook outlook{};
};

struct ExplainRequest {
  Target target;
  std::optional<std::uint32_t> weight;  ///< of a boost that is only thought of
};

/// A failure with what the caller may choose from ("ambiguous": namespace/pod/container of each).
struct ServiceError {
  Error error;
  std::vector<std::string> candidates;
  std::optional<std::chrono::seconds> retry_after;
};
template <class T>
using ServiceResult = tl::expected<T, ServiceError>;

enum class SchedulerMode {
  attached,  ///< ours runs
  fallback,  ///< the kernel's own runs; we will try again
  stopped,   ///< the kernel's own runs; we will not try again by ourselves (SysRq-S, or given up)
  unsupported,
};

/// Of all cgroups with a cpu.max together. The counts run since the daemon started and never go back: cgroups that are
/// gone, and attaches that are over, count on.
struct LimitTotals {
  std::uint64_t cgroups = 0;  ///< that have a limit now
  std::uint64_t periods = 0;
  std::uint64_t throttled_periods = 0;
  std::uint64_t throttled_us = 0;
  std::uint64_t forced = 0;
  std::uint64_t pardons = 0;

  bool operator==(const LimitTotals&) const = default;
};

/// Where the boosts are kept across restarts.
struct StateFileStatus {
  std::string path;           ///< empty: nowhere
  std::uint64_t version = 0;  ///< of what was asked for; grows with each change
  std::string trouble;  ///< what went wrong with it since the start: set aside, cannot be written; empty as a rule

  bool operator==(const StateFileStatus&) const = default;
};

struct PodSourceStatus {
  PodSourceState state;
  std::optional<std::chrono::milliseconds> age;  ///< of its last good list
};

struct StatusSnapshot {
  SchedulerMode mode = SchedulerMode::fallback;
  std::string reason;  ///< why not attached; empty when attached
  bool dry_run = false;
  std::string kernel;  ///< uname -r
  std::optional<ExitRecord> last_ejection;
  std::optional<std::chrono::seconds> last_ejection_age;
  std::optional<std::chrono::milliseconds> next_attempt_in;
  std::uint64_t attaches = 0;  ///< successful ones since start
  std::uint64_t ejections = 0;
  SchedulerOptions options;
  SchedulerStats stats;
  PodSourceState pods;  ///< the source in use
  std::optional<std::chrono::milliseconds> pods_age;
  std::vector<PodSourceStatus> sources;  ///< all, in the order in which they are asked
  std::vector<Boost> boosts;             ///< those that rules have set last
  std::chrono::seconds uptime{};
  std::vector<Enforcement> enforced;
  LimitTotals limits;
  StateFileStatus state_file{};
  std::shared_ptr<const RulesSnapshot> rules{};  ///< never null in status()
};

/// One container of the node for GET /pods.
struct PodRow {
  std::string ns, pod, uid, container, container_id;
  std::optional<Cgroup> cgroup;       ///< none: not found (not started, finished)
  std::uint32_t weight = 1024;        ///< of the nearest boost at or above it
  std::optional<CgroupStats> stats;   ///< none: not known, as with no scheduler attached
  std::optional<LimitStats> limit{};  ///< of its own cgroup; none: no cpu.max, or nothing has run in it yet
};

/// Thread-safe. Nothing here throws.
class Service {
 public:
  virtual ~Service() = default;
  /// A reply is a promise: the boost is on disk. It is applied, or says why not yet; what is pending is applied as soon
  /// as it can be. An error changes nothing: not_found (a fresh and complete list has no such thing), ambiguous,
  /// unavailable (nobody can tell what is meant; the scheduler is off for good; the disk fails), capacity (no room in a
  /// table or on the disk), rate_limited (too many that wait).
  virtual ServiceResult<PrioritizeReply> prioritize(const PrioritizeRequest& request) = 0;
  /// Removes the boosts that agree with every field given in `target`; never asks the kubelet. not_found when there is
  /// none; capacity or unavailable when the disk does not take the change: then nothing is changed.
  virtual ServiceResult<std::vector<Boost>> reset(const Target& target) = 0;
  /// Removes all; fails as reset() does.
  virtual ServiceResult<std::vector<Boost>> reset_all() = 0;
  /// Oldest first; then those that rules have set; then those that were over by themselves within the last minutes.
  virtual std::vector<Boost> boosts() = 0;
  virtual ServiceResult<std::vector<PodRow>> pods() = 0;
  /// Where the one cgroup stands that the target names; changes nothing. ambiguous when it names several; unavailable
  /// when the scheduler is not attached, or does not answer within about a second.
  virtual ServiceResult<Explanation> explain(const ExplainRequest& request) = 0;
  /// At most about a second old; shared, immutable.
  virtual std::shared_ptr<const StatusSnapshot> status() = 0;
  /// What cgroups have run and waited, a second or two ago; shared, immutable. Empty while no scheduler is attached.
  /// Waits for a look at the tree, but not for long: figures may be older where one takes its time.
  virtual std::shared_ptr<const CgroupFigures> figures() = 0;
  /// As of the last second; shared, immutable.
  virtual std::shared_ptr<const RulesSnapshot> rules() = 0;
  /// Other rules, as JSON (docs/rules.md): checked whole, written to the file, and then in force within a second.
  /// invalid_argument with the line and what is wrong in it; unavailable or capacity when the file does not take it;
  /// unsupported where the daemon has none. Errors change nothing. `dry_run`: only checked.
  virtual ServiceResult<void> set_rules(const std::string& document, bool dry_run) = 0;
  /// Whatever rules have boosted is 1024 again at once, and they do nothing until they are resumed, also after a
  /// restart. An error says that the restart may not know.
  virtual ServiceResult<void> pause_rules(bool paused) = 0;
  /// Hands the node back without stopping the daemon / arms again after SysRq-S or giving up.
  virtual ServiceResult<void> detach() = 0;
  virtual ServiceResult<void> attach() = 0;
};

}  // namespace mus
