// SPDX-License-Identifier: Apache-2.0
// Desired state: the boosts that were asked for, and what the scheduler's map must hold for them. A plain value: a
// change is made on a copy, the map is brought to the copy's policies, and only then does the copy take its place.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mus/result.hpp"
#include "mus/scheduler.hpp"
#include "mus/service.hpp"
#include "mus/types.hpp"

namespace mus {

/// Policies by cgroup: what the scheduler's map holds or should hold.
using Policies = std::map<CgroupId, Policy>;

using PathWeights = std::map<std::string, std::uint32_t, std::less<>>;

/// Weight of the nearest directory in `weights` at or above `path`; 1024 without one.
[[nodiscard]] std::uint32_t weight_of(const PathWeights& weights, std::string_view path);

/// The same target however it was spelled: one leading slash, no trailing one; a unit name with its type.
[[nodiscard]] Target normalized(Target target);

/// True when every field given in `wanted` equals the boost's. `all` is no field: it asks for several matches.
/// A target with no field given matches nothing.
[[nodiscard]] bool matches(const Target& wanted, const Target& boost);

class BoostTable {
 public:
  static constexpr std::size_t kCapacity = 1024;

  struct Put {
    std::string id;
    bool replaced = false;
  };

  /// Adds a boost, or replaces the one with an equal target (which keeps its id and becomes the newest). With
  /// `ignore_limit`, `cgroups` say from which level each is lifted. Errc::capacity when the table is full.
  Result<Put> put(const Target& target, std::uint32_t weight, std::optional<std::chrono::milliseconds> ttl,
                  std::vector<AppliedCgroup> cgroups, TimePoint now, bool ignore_limit = false);

  /// Each returns the ids of what it removed, oldest first.
  std::vector<std::string> reset(const Target& wanted);
  std::vector<std::string> clear();
  std::vector<std::string> expire(TimePoint now);
  [[nodiscard]] bool any_expired(TimePoint now) const;

  /// These directories are no more: no boost acts on them. A boost that loses its last says why it is pending.
  void forget(const std::vector<CgroupId>& gone);

  /// What the map must hold. Where boosts share a cgroup the one set last wins, its weight and its lift; when it goes,
  /// the next-latest does.
  [[nodiscard]] Policies policies() const;

  /// All cgroups that boosts act on, each once.
  [[nodiscard]] std::vector<Cgroup> cgroups() const;

  /// The boosts as the API shows them, oldest id first. With `detached` nothing is applied, for that reason.
  [[nodiscard]] std::vector<Boost> view(TimePoint now, const std::string& detached = {}) const;
  /// One of them; nullopt when there is none.
  [[nodiscard]] std::optional<Boost> view(const std::string& id, TimePoint now, const std::string& detached = {}) const;

  /// The winning weights by directory, for weight_of().
  [[nodiscard]] PathWeights weights_by_path() const;

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::uint64_t number = 0;  // "b<number>"
    std::uint64_t set_at = 0;  // which came later
    Target target;
    std::uint32_t weight = 0;
    bool ignore_limit = false;
    std::optional<std::chrono::milliseconds> ttl;
    std::optional<TimePoint> expires;
    std::vector<AppliedCgroup> cgroups;
    std::string pending;
  };

  template <class Predicate>
  std::vector<std::string> remove_if(Predicate predicate);
  [[nodiscard]] static Boost to_boost(const Entry& entry, const Policies& winning, TimePoint now,
                                      const std::string& detached);

  std::vector<Entry> entries_;  // by number
  std::uint64_t next_number_ = 1;
  std::uint64_t next_set_ = 1;
};

/// One change of the scheduler's map; no policy: remove the entry.
struct PolicyChange {
  CgroupId id{};
  std::optional<Policy> policy;

  bool operator==(const PolicyChange&) const = default;
};

/// The changes that turn `from` into `to`: removals first, so that a full map has room for what follows.
[[nodiscard]] std::vector<PolicyChange> changes(const Policies& from, const Policies& to);

}  // namespace mus
