// SPDX-License-Identifier: Apache-2.0
// The rules in force and what they go by: reads the file and the signals, asks the engine, tells what came of it. What
// the engine decides is the service's to bring into force.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/forecast.hpp"
#include "core/rule_engine.hpp"
#include "core/subject_signals.hpp"
#include "core/tree_view.hpp"
#include "daemon/rules_file.hpp"
#include "mus/events.hpp"
#include "mus/rules.hpp"
#include "mus/signal_files.hpp"

namespace mus {

struct RuleBookOptions {
  RulesStore* store = nullptr;     ///< none: there are no rules
  SignalFiles* signals = nullptr;  ///< none: no network, no pressure
  EventSink* events = nullptr;
};

/// What the service knows, at one moment.
struct RuleSurroundings {
  TimePoint now{};
  std::shared_ptr<const TreeView> view{};  ///< none: nobody looked, or there is no tree
  Policies policies{};                     ///< in force
  GuardOptions guards{};
  std::unordered_map<std::uint64_t, LimitStats> limits{};
  std::map<std::string, std::string, std::less<>> claims{};  ///< by path: the boost that is no rule's
};

/// Thread-safe. Everything given must outlive it.
class RuleBook {
 public:
  explicit RuleBook(const RuleBookOptions& options);

  // What callers ask for.

  /// Checked whole, written to disk, and only then in force. Errors change nothing.
  Result<void> replace(const std::string& text, bool dry_run);
  Result<void> pause(bool paused);
  [[nodiscard]] std::shared_ptr<const RulesSnapshot> snapshot() const;

  // What the service asks, once a second.

  /// Reads the file again if it has changed. True: there are rules, and they are not paused.
  bool ready();
  /// False: nobody would notice a look at the node.
  [[nodiscard]] bool active() const { return active_; }
  [[nodiscard]] bool about_pods() const { return about_pods_; }
  /// The rules have changed since match() was last called.
  [[nodiscard]] bool unmatched() const { return unmatched_; }
  [[nodiscard]] std::vector<std::string> units() const;
  [[nodiscard]] std::vector<std::string> cgroups() const;
  void match(const NodeIndex* pods, const RulePlaces& places);
  /// The boosts that rules set now; none at all: those of before end.
  std::vector<RuleBoost> step(const RuleSurroundings& node);

 private:
  [[nodiscard]] bool take(const std::string& text);
  void put(RuleSet rules, const std::string& text);
  void tell(const std::vector<RuleEvent>& events) const;
  void tell_rules(const std::string& what) const;
  void read(const RuleSurroundings& node);
  [[nodiscard]] SignalReading reading(std::size_t i, const RuleSurroundings& node, const std::vector<double>& threads);
  [[nodiscard]] RuleReadings readings(const RuleSurroundings& node) const;
  void publish();
  std::vector<std::string> places(std::string Selector::* which) const;

  const RuleBookOptions options_;
  mutable std::mutex mutex_;
  std::atomic<bool> active_ = false;
  std::atomic<bool> about_pods_ = false;
  std::atomic<bool> unmatched_ = true;
  bool loaded_ = false;
  bool paused_ = false;
  std::string trouble_;
  std::string document_;
  RuleEngine engine_;
  struct Known {
    SubjectSignals signals;
    std::string no_network;
    bool seen = true;
  };
  std::unordered_map<std::uint64_t, Known> known_;  // by cgroup id
  std::vector<std::uint8_t> wants_;                 // by subject: kNetwork, kPressure
  std::shared_ptr<const RulesSnapshot> snapshot_;
};

}  // namespace mus
