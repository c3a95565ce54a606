// SPDX-License-Identifier: Apache-2.0
// What the API may ask, done: desired state, written to disk and brought into the scheduler's map.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/boost_view.hpp"
#include "core/declared.hpp"
#include "core/desired.hpp"
#include "core/limit_totals.hpp"
#include "core/reconcile.hpp"
#include "core/ruled_boosts.hpp"
#include "daemon/attachment.hpp"
#include "daemon/bell.hpp"
#include "daemon/forecaster.hpp"
#include "daemon/gate.hpp"
#include "daemon/rule_book.hpp"
#include "daemon/rules_file.hpp"
#include "daemon/state_file.hpp"
#include "daemon/target_resolver.hpp"
#include "daemon/tree_watch.hpp"
#include "mus/cgroup_tree.hpp"
#include "mus/container_lookup.hpp"
#include "mus/events.hpp"
#include "mus/pod_source.hpp"
#include "mus/scheduler.hpp"
#include "mus/service.hpp"
#include "mus/signal_files.hpp"

namespace mus {

struct MusServiceOptions {
  bool dry_run = false;
  std::string kernel;  ///< uname -r
  SchedulerOptions scheduler;
  std::function<TimePoint()> now = Clock::now;
  bool allow_ignore_limit = false;
  std::vector<Enforcement> enforced{};            ///< as /status shows it
  std::optional<Error> refusal{};                 ///< why the scheduler must not be attached here; as if it could not
  std::chrono::milliseconds outlook_patience{5};  ///< how long the answer to a boost waits for a look at the tree
  StateStore* store = nullptr;                    ///< where boosts are kept; none: they end with the daemon
  std::function<Calendar()> calendar = read_calendar;
  const ContainerLookup* containers = nullptr;  ///< who knows a container before any list does; may be none
  EventSink* events = nullptr;
  DeclarationRules declarations{};                  ///< which pods may declare boosts by annotations
  std::chrono::milliseconds disk_patience{2000};    ///< for another change that is being written
  std::chrono::milliseconds figures_patience{200};  ///< how long who reads figures waits for a look at the tree
  RulesStore* rules = nullptr;                      ///< none: there are no rules
  SignalFiles* signals = nullptr;                   ///< what rules go by besides the scheduler's meters
};

/// One mutex covers desired state, attachment and scheduler. It is never held while somebody else is waited for: pods
/// and directories are looked up before it is taken, and files are written without it. Everything given must outlive
/// the service.
class MusService final : public Service {
 public:
  static constexpr unsigned kMostWaiting = 2;  ///< requests with `wait` at once: half of those that are worked on

  MusService(Scheduler& scheduler, PodSource& pods, const CgroupTree& tree, MusServiceOptions options);

  ServiceResult<PrioritizeReply> prioritize(const PrioritizeRequest& request) override;
  ServiceResult<std::vector<Boost>> reset(const Target& target) override;
  ServiceResult<std::vector<Boost>> reset_all() override;
  std::vector<Boost> boosts() override;
  ServiceResult<std::vector<PodRow>> pods() override;
  ServiceResult<Explanation> explain(const ExplainRequest& request) override;
  std::shared_ptr<const StatusSnapshot> status() override;
  std::shared_ptr<const CgroupFigures> figures() override;
  std::shared_ptr<const RulesSnapshot> rules() override;
  ServiceResult<void> set_rules(const std::string& document, bool dry_run) override;
  ServiceResult<void> pause_rules(bool paused) override;
  ServiceResult<void> detach() override;
  ServiceResult<void> attach() override;

  // For the main loop.

  /// What was kept, and the first attach. An error is not the end: what can pass is tried again at the ticks.
  Result<void> start();
  /// Several times a second: ejection, attempts that are due, expired boosts; once a second also directories that are
  /// gone, pods of a new list, and a new snapshot. Asks no source of pods, and writes no file.
  void tick();
  /// The node is handed back, for good.
  void stop();
  /// The attached scheduler's, or none.
  [[nodiscard]] std::shared_ptr<CgroupShares> shares() const;
  /// Where the thread that looks at the tree leaves what it saw.
  [[nodiscard]] TreeWatch& tree_watch() { return tree_watch_; }
  /// As CgroupTree says.
  [[nodiscard]] std::vector<CgroupId> node_services() const { return tree_.node_services(); }
  /// False when the scheduler's maps could not be read for some seconds although it is attached.
  [[nodiscard]] bool healthy() const;

  // For whoever sees directories of pods come and go. From any thread.

  /// Boosts act on what is there now. Reads the cgroup tree, asks no source of pods.
  void follow();
  /// Boosts that are no pod's: each with where it is, or should be (id 0).
  [[nodiscard]] std::vector<Cgroup> followed_places() const;
  /// Is there a boost, or may one be declared?
  [[nodiscard]] bool follows_any() const;

  // For threads that may wait. Each says when it wants to be called again; none: when the bell rings.

  /// Asks the source of pods where boosts depend on it.
  std::optional<std::chrono::milliseconds> refresh();
  [[nodiscard]] Bell& refresh_bell() { return refresh_bell_; }
  /// Writes what nobody waited for: boosts that are over, time that has passed.
  std::optional<std::chrono::milliseconds> save();
  [[nodiscard]] Bell& save_bell() { return save_bell_; }
  /// Follows signals and rules; reads files, looks at the tree.
  std::optional<std::chrono::milliseconds> run_rules();
  [[nodiscard]] Bell& rules_bell() { return rules_bell_; }

 private:
  using Lock = std::unique_lock<std::mutex>;
  struct Commission;
  struct Scope {
    bool pods = true;
    bool places = true;
  };
  struct Identified {
    std::optional<ContainerIdentity> identity;
    unsigned tries = 0;
  };

  [[nodiscard]] ServiceResult<void> check_attached(TimePoint now) const;
  [[nodiscard]] ServiceResult<void> check_usable(bool dry_run) const;

  // service_prioritize.cpp
  [[nodiscard]] Result<void> check(const PrioritizeRequest& request, const Target& target) const;
  ServiceResult<PrioritizeReply> only_think(Commission& work);
  ServiceResult<PrioritizeReply> keep(Commission& work);
  [[nodiscard]] WantedPolicies wanted_with(const DesiredState& next, std::uint64_t number, const Reach& reach);
  ServiceResult<void> apply_whole(std::uint64_t number, const DesiredState& before, const std::optional<Reach>& reach);
  Boost wait_for(Lock& lock, std::uint64_t number, Boost last, std::chrono::milliseconds time);

  // service_reset.cpp
  ServiceResult<std::vector<Boost>> remove(const std::function<BoostNumbers(const DesiredState&)>& which,
                                           const Target* target);

  // service_explain.cpp
  [[nodiscard]] GuardOptions guards() const {
    return {options_.scheduler.boost_ceiling, options_.scheduler.node_floor};
  }
  [[nodiscard]] std::string no_tree() const;
  Result<TreeWatch::View> look_for_outlook(const std::string& no_tree);
  Outlook outlook(const Result<TreeWatch::View>& view, const Policies& before, const Policies& after,
                  const std::vector<AppliedCgroup>& boosted);
  [[nodiscard]] std::vector<RuleWord> rules_about(const std::string& path) const;
  void tell(Explanation& out, const TreeWatch::View& view, const Policies& before, const Policies& after,
            const std::vector<CgroupLevel>& levels, bool with_weight);

  // service_rules.cpp
  void match_rules_again(TimePoint now);
  void put_in_force(RuledBoosts boosts);

  // service_follow.cpp
  void look_again(Scope scope);
  void look_at_pods(NodeView& view);
  void look_at_places(NodeView& view, const DesiredState& desired, const Reaches& reaches);
  void identify_leaves(NodeView& view);
  void adopt_declared(const NodeView& view, DesiredState& desired, std::uint64_t& commits);
  void refuse_declared(std::vector<RefusedDeclaration> refused);
  void doubt_leaves(NodeView& view, const Reaches& before, const Reaches& after) const;
  [[nodiscard]] std::string limits_hold(const DesiredState& desired) const;
  [[nodiscard]] bool any_unsettled() const;
  [[nodiscard]] bool any_place_missing() const;
  [[nodiscard]] bool any_gone() const;
  [[nodiscard]] bool is_list_new() const;
  void ask_soon();

  // service_state.cpp
  void restore();
  void drop_declared();
  Result<void> write(const DesiredState& desired);
  void commit(Reconciled result, TimePoint now);
  void settle(TimePoint now);
  void bring_into_force(const std::vector<PolicyChange>& changes);
  const InForce& force();
  void report(EventKind kind, const DesiredBoost& boost, const AppliedCgroup* applied, const std::string& what) const;
  void report_moves(const Reaches& after);

  // service_tick.cpp
  void read_stats();
  void publish(TimePoint now);

  Scheduler& scheduler_;
  PodSource& pods_;
  const CgroupTree& tree_;
  const MusServiceOptions options_;
  const TimePoint started_;
  TargetResolver resolver_;
  Forecaster forecaster_;
  TreeWatch tree_watch_;
  Bell refresh_bell_;
  Bell save_bell_;
  Bell rules_bell_;
  std::atomic<unsigned> waiting_ = 0;
  RuleBook rule_book_;
  std::atomic<bool> moved_ = true;  // directories of pods have, since rules were matched

  std::mutex ruling_;  // one run of the rules at a time: taken before all others. Covers the next three
  RulePlaces rule_places_;
  std::optional<TimePoint> matched_list_;
  TimePoint matched_at_{};

  Gate changes_;        // who changes desired state on request: taken before mutex_, held while it is written
  std::mutex looking_;  // one look at a time: taken before changes_ and mutex_. Covers the next four
  std::map<std::string, Identified, std::less<>> identified_;
  std::uint64_t next_place_ = 0;
  std::optional<TimePoint> adopted_;  // the list whose declarations count
  std::vector<RefusedDeclaration> refused_;

  mutable std::mutex mutex_;
  std::condition_variable settled_;  // something was applied, or is over
  Attachment attachment_;
  DesiredState desired_;
  Reaches reaches_;
  RuledBoosts ruled_;
  InForce force_;
  EndedBoosts ended_;
  std::uint64_t looks_ = 0;
  std::uint64_t commits_ = 0;
  std::optional<std::uint64_t> saved_version_;  // none: what is on disk may be anything
  TimePoint saved_at_{};
  std::string set_aside_;  // what became of a state file that could not be read
  std::string write_trouble_;
  std::string no_list_;
  std::optional<TimePoint> list_used_;
  std::chrono::milliseconds ask_again_{0};
  SchedulerStats stats_;
  LimitCounter limits_;
  unsigned failed_reads_ = 0;
  bool stopping_ = false;
  TimePoint next_slow_tick_;

  mutable std::mutex snapshot_mutex_;
  std::shared_ptr<const StatusSnapshot> snapshot_;
  std::shared_ptr<const CgroupFigures> figures_;  // the last
};

}  // namespace mus
