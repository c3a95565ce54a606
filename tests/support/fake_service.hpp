// SPDX-License-Identifier: Apache-2.0
// A Service that knows one pod list by heart and remembers what it was asked. Thread-safe, as the real one.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mus/service.hpp"

namespace mus::test {

class FakeService : public Service {
 public:
  /// Set before requests are made: called (outside the lock) at the start of every prioritize() and pods().
  std::function<void()> on_slow_call;

  ServiceResult<PrioritizeReply> prioritize(const PrioritizeRequest& request) override {
    if (on_slow_call) on_slow_call();
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    if (next_error_) return take_error();
    const auto& target = request.target;
    if (target.kind == Target::Kind::pod && target.pod == "nowhere") {
      return error(Errc::not_found, "no pod \"nowhere\" on this node");
    }
    if (target.kind == Target::Kind::pod && target.pod == "twice" && !target.all) {
      return tl::unexpected(ServiceError{
          {Errc::ambiguous, "2 pods match", "Name the namespace, or add all=true."}, {"a/twice", "b/twice"}, {}});
    }
    if (target.container == "nowhere") return error(Errc::not_found, "pod has no container \"nowhere\"");
    Boost boost{"b" + std::to_string(++ids_), target, request.weight, request.ttl, request.ttl, {}, {}};
    AppliedCgroup applied;
    applied.cgroup.id = CgroupId{9007199254740993};  // not a double
    applied.cgroup.path = "/kubepods/redis";
    applied.ns = "default";
    applied.pod = "redis";
    applied.uid = "u-1";
    applied.container = target.container;
    applied.weight = request.weight;
    applied.lifted_from = request.ignore_limit ? 2 : 0;
    boost.ignore_limit = request.ignore_limit;
    if (target.pod == "starting") {
      boost.pending = "default/starting has no cgroup: it is starting, or has just ended";
    } else {
      boost.state = Boost::State::applied;
      boost.applied.push_back(std::move(applied));
    }
    bool replaced = false;
    if (!request.dry_run) {
      replaced = std::erase_if(boosts_, [&](const Boost& b) { return b.target == target; }) > 0;
      boosts_.push_back(boost);
    }
    return PrioritizeReply{boost, replaced, request.dry_run, "", outlook_};
  }

  ServiceResult<std::vector<Boost>> reset(const Target& target) override {
    const std::lock_guard lock(mutex_);
    if (next_error_) return take_error();
    std::vector<Boost> removed;
    for (const auto& b : boosts_) {
      if (b.target == target) removed.push_back(b);
    }
    if (removed.empty()) return error(Errc::not_found, "nothing is boosted under this target");
    std::erase_if(boosts_, [&](const Boost& b) { return b.target == target; });
    return removed;
  }

  ServiceResult<std::vector<Boost>> reset_all() override {
    const std::lock_guard lock(mutex_);
    if (next_error_) return take_error();
    return std::exchange(boosts_, {});
  }

  std::vector<Boost> boosts() override {
    const std::lock_guard lock(mutex_);
    return boosts_;
  }

  ServiceResult<std::vector<PodRow>> pods() override {
    if (on_slow_call) on_slow_call();
    const std::lock_guard lock(mutex_);
    if (next_error_) return take_error();
    return rows_;
  }

  ServiceResult<Explanation> explain(const ExplainRequest& request) override {
    const std::lock_guard lock(mutex_);
    explained_.push_back(request);
    if (next_error_) return take_error();
    if (request.target.pod == "nowhere") return error(Errc::not_found, "no pod \"nowhere\" on this node");
    return explanation_;
  }

  std::shared_ptr<const StatusSnapshot> status() override {
    const std::lock_guard lock(mutex_);
    auto copy = std::make_shared<StatusSnapshot>(status_);
    copy->boosts = boosts_;
    return copy;
  }

  std::shared_ptr<const CgroupFigures> figures() override {
    const std::lock_guard lock(mutex_);
    return std::make_shared<CgroupFigures>(figures_);
  }

  std::shared_ptr<const RulesSnapshot> rules() override {
    const std::lock_guard lock(mutex_);
    return std::make_shared<RulesSnapshot>(rules_);
  }
  ServiceResult<void> set_rules(const std::string& document, bool dry_run) override {
    const std::lock_guard lock(mutex_);
    if (next_error_) return take_error();
    if (!dry_run) rules_.document = document;
    return {};
  }
  ServiceResult<void> pause_rules(bool paused) override {
    const std::lock_guard lock(mutex_);
    if (next_error_) return take_error();
    rules_.paused = paused;
    return {};
  }
  ServiceResult<void> detach() override { return switch_to(SchedulerMode::stopped, "detached by request"); }
  ServiceResult<void> attach() override { return switch_to(SchedulerMode::attached, ""); }

  // What a test arranges and looks at.

  /// The next fallible call fails like this.
  void fail_next(ServiceError what) {
    const std::lock_guard lock(mutex_);
    next_error_ = std::move(what);
  }
  void set_figures(CgroupFigures figures) {
    const std::lock_guard lock(mutex_);
    figures_ = std::move(figures);
  }
  void set_status(StatusSnapshot status) {
    const std::lock_guard lock(mutex_);
    status_ = std::move(status);
  }
  void change_boosts(const std::function<void(std::vector<Boost>&)>& change) {
    const std::lock_guard lock(mutex_);
    change(boosts_);
  }
  void set_pods(std::vector<PodRow> rows) {
    const std::lock_guard lock(mutex_);
    rows_ = std::move(rows);
  }
  void set_explanation(Explanation explanation) {
    const std::lock_guard lock(mutex_);
    explanation_ = std::move(explanation);
  }
  void set_rules_snapshot(RulesSnapshot rules) {
    const std::lock_guard lock(mutex_);
    rules_ = std::move(rules);
  }
  void set_outlook(Outlook outlook) {
    const std::lock_guard lock(mutex_);
    outlook_ = std::move(outlook);
  }
  [[nodiscard]] std::vector<ExplainRequest> explained() const {
    const std::lock_guard lock(mutex_);
    return explained_;
  }
  [[nodiscard]] std::vector<PrioritizeRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  static tl::unexpected<ServiceError> error(Errc code, std::string message) {
    return tl::unexpected(ServiceError{{code, std::move(message), "See GET /pods."}, {}, {}});
  }
  tl::unexpected<ServiceError> take_error() {
    auto out = tl::unexpected(std::move(*next_error_));
    next_error_.reset();
    return out;
  }
  ServiceResult<void> switch_to(SchedulerMode mode, std::string reason) {
    const std::lock_guard lock(mutex_);
    if (next_error_) return take_error();
    status_.mode = mode;
    status_.reason = std::move(reason);
    status_.next_attempt_in.reset();
    return {};
  }

  mutable std::mutex mutex_;
  std::vector<Boost> boosts_;
  std::vector<PodRow> rows_;
  std::vector<PrioritizeRequest> requests_;
  std::vector<ExplainRequest> explained_;
  Explanation explanation_;
  Outlook outlook_;
  RulesSnapshot rules_;
  std::optional<ServiceError> next_error_;
  CgroupFigures figures_;
  StatusSnapshot status_ = [] {
    StatusSnapshot status;
    status.mode = SchedulerMode::attached;
    status.kernel = "6.18.0";
    return status;
  }();
  int ids_ = 0;
};

}  // namespace mus::test
