// SPDX-License-Identifier: Apache-2.0
// What the API may ask, done: desired state in memory, brought into the scheduler's map.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/boosts.hpp"
#include "core/limit_totals.hpp"
#include "daemon/attachment.hpp"
#include "daemon/forecaster.hpp"
#include "daemon/target_resolver.hpp"
#include "daemon/tree_watch.hpp"
#include "mus/cgroup_tree.hpp"
#include "mus/cgroup_watch.hpp"
#include "mus/pod_source.hpp"
#include "mus/scheduler.hpp"
#include "mus/service.hpp"

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
};

/// One mutex covers table, attachment and scheduler. It is never held while somebody else is waited for: pods and
/// directories are looked up before it is taken. Everything given must outlive the service.
class MusService final : public Service {
 public:
  MusService(Scheduler& scheduler, PodSource& pods, const CgroupTree& tree, MusServiceOptions options);

  ServiceResult<PrioritizeReply> prioritize(const PrioritizeRequest& request) override;
  ServiceResult<std::vector<Boost>> reset(const Target& target) override;
  std::vector<Boost> reset_all() override;
  std::vector<Boost> boosts() override;
  ServiceResult<std::vector<PodRow>> pods() override;
  ServiceResult<Explanation> explain(const ExplainRequest& request) override;
  std::shared_ptr<const StatusSnapshot> status() override;
  ServiceResult<void> detach() override;
  ServiceResult<void> attach() override;

  // For the main loop.

  /// The first attach. An error is not the end: what can pass is tried again at the ticks.
  Result<void> start();
  /// Several times a second: ejection, attempts that are due, expired boosts; once a second also directories that are
  /// gone and a new snapshot.
  void tick();
  /// Directories that came or went: no boost acts any more on those that are gone.
  void follow(const CgroupNews& news);
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

 private:
  using Lock = std::unique_lock<std::mutex>;

  [[nodiscard]] Result<void> check(const PrioritizeRequest& request) const;
  [[nodiscard]] ServiceResult<void> check_attached(TimePoint now) const;
  std::vector<Boost> remove_all(const std::vector<Boost>& shown, const std::vector<std::string>& ids, const char* why);
  [[nodiscard]] GuardOptions guards() const {
    return {options_.scheduler.boost_ceiling, options_.scheduler.node_floor};
  }
  /// Why there is no tree to look at, or nothing.
  [[nodiscard]] std::string no_tree() const;
  Result<TreeWatch::View> look_for_outlook(const std::string& no_tree);
  Outlook outlook(const Result<TreeWatch::View>& view, const Policies& before, const Policies& after,
                  const std::vector<AppliedCgroup>& boosted);
  void tell(Explanation& out, const TreeWatch::View& view, const Policies& before, const Policies& after,
            const std::vector<CgroupLevel>& levels, bool with_weight);
  void reconcile();
  void forget_gone();
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

  mutable std::mutex mutex_;
  Attachment attachment_;
  BoostTable table_;
  SchedulerStats stats_;
  LimitCounter limits_;
  unsigned failed_reads_ = 0;
  bool stopping_ = false;
  TimePoint next_slow_tick_;

  mutable std::mutex snapshot_mutex_;
  std::shared_ptr<const StatusSnapshot> snapshot_;
};

}  // namespace mus
