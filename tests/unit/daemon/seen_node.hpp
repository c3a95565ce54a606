// SPDX-License-Identifier: Apache-2.0
// The node of fakes.hpp under a scheduler that sees its cgroup tree, and the thread that looks at it.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "daemon/share_keeper.hpp"
#include "unit/daemon/fakes.hpp"

namespace mus::test {

class SeenTree final : public CgroupShares {
 public:
  Waiting waiting() override { return Waiting::nobody; }
  [[nodiscard]] int contention_fd() const override { return -1; }
  Result<std::vector<CgroupRecord>> walk() override {
    ++walks;
    const std::lock_guard lock(mutex_);
    if (error_) return tl::unexpected(*error_);
    return records_;
  }
  void set(const ShareUpdate& /*update*/) override {}
  /// As if every thread of a cgroup had run for a millisecond, after a wait of 2 us.
  [[nodiscard]] CgroupMeter meter(std::uint32_t flow) override {
    const std::lock_guard lock(mutex_);
    CgroupMeter out;
    if (flow == 0 || flow > records_.size()) return out;
    out.cpu_time_ns = records_[flow - 1].threads * std::uint64_t{1'000'000};
    out.wait_ns = records_[flow - 1].threads * std::uint64_t{2'000};
    out.waits[1] = records_[flow - 1].threads;
    return out;
  }

  void add(CgroupId id, CgroupId parent, std::uint32_t weight, std::uint32_t threads, double limit = 0) {
    const std::lock_guard lock(mutex_);
    CgroupRecord record;
    record.id = id;
    record.parent = parent;
    record.shares = weight * 1024 / 100;
    record.threads = threads;
    record.load = 100 * threads;
    record.flow = static_cast<std::uint32_t>(records_.size() + 1);
    record.birth = 1;
    record.limit = limit;
    record.level = 1;
    for (const auto& above : records_) {
      if (above.id == parent) record.level = above.level + 1;
    }
    records_.push_back(record);
  }
  void fail_with(Error error) {
    const std::lock_guard lock(mutex_);
    error_ = std::move(error);
  }

  std::atomic<int> walks = 0;

 private:
  std::mutex mutex_;
  std::vector<CgroupRecord> records_;
  std::optional<Error> error_;
};

/// The one in memory, with a tree to look at.
class SeeingScheduler final : public Scheduler {
 public:
  Result<void> attach() override { return memory_.attach(); }
  void detach() override { memory_.detach(); }
  [[nodiscard]] bool attached() const override { return memory_.attached(); }
  [[nodiscard]] std::optional<ExitRecord> ejection() const override { return memory_.ejection(); }
  Result<void> set_policy(CgroupId id, const Policy& policy) override { return memory_.set_policy(id, policy); }
  Result<void> clear_policy(CgroupId id) override { return memory_.clear_policy(id); }
  [[nodiscard]] std::vector<std::pair<CgroupId, Policy>> policies() const override { return memory_.policies(); }
  Result<SchedulerStats> stats() override { return memory_.stats(); }
  [[nodiscard]] std::shared_ptr<CgroupShares> shares() const override { return tree; }

  std::shared_ptr<SeenTree> tree = std::make_shared<SeenTree>();

 private:
  MemoryScheduler memory_;
};

/// /kubepods: shop/redis (best effort, weight 1), shop/batch (10, many threads) and /system.slice/x.service.
struct SeenNode {
  SeeingScheduler scheduler;
  FakePods pods;
  FakeTree tree;
  TimePoint now{std::chrono::hours(1000)};
  MusService service;
  std::optional<ShareKeeper> keeper;

  explicit SeenNode(bool with_keeper = true) : service(scheduler, pods, tree, options(with_keeper)) {
    start_logging("off", false);
    PodList list;
    list.pods = {pod("redis", "aa", {}), pod("batch", "bb", 64'000)};
    tree.add("/kubepods");
    tree.add("/system.slice");
    tree.add("/system.slice/x.service");
    for (const auto& one : list.pods) {
      const auto path = "/kubepods/pod" + one.uid;
      PodCgroup directory{one.uid, {tree.add(path), path}, {}};
      const auto leaf = path + "/" + one.containers[0].id;
      directory.containers.push_back({one.containers[0].id, {tree.add(leaf), leaf}});
      tree.walk.push_back(std::move(directory));
    }
    pods.serve(list);
    see("/kubepods", {}, 100, 0);
    see("/kubepods/podaa", "/kubepods", 1, 0);
    see("/kubepods/podaa/caa", "/kubepods/podaa", 100, 500);
    see("/kubepods/podbb", "/kubepods", 10, 0);
    see("/kubepods/podbb/cbb", "/kubepods/podbb", 100, 500);
    see("/system.slice", {}, 100, 0);
    see("/system.slice/x.service", "/system.slice", 100, 500);
    (void)!service.start();
    if (with_keeper) look();
  }

  void look() {
    keeper.emplace(service.tree_watch(), [this] { return service.shares(); });
  }

  MusServiceOptions options(bool with_keeper) {
    MusServiceOptions options;
    options.kernel = "6.18.0-test";
    options.now = [this] { return now; };
    if (with_keeper) options.outlook_patience = std::chrono::seconds(10);  // the machine may be busy
    return options;
  }

  void see(const std::string& path, const std::string& parent, std::uint32_t weight, std::uint32_t threads,
           double limit = 0) {
    scheduler.tree->add(tree.directories.at(path), parent.empty() ? CgroupId{} : tree.directories.at(parent), weight,
                        threads, limit);
  }

  static Pod pod(const std::string& name, const std::string& uid, std::optional<std::uint32_t> request) {
    Pod out;
    out.ns = "shop";
    out.name = name;
    out.uid = uid;
    out.containers.push_back({"main", "c" + uid, Container::Kind::regular, true, request});
    return out;
  }
};

}  // namespace mus::test
