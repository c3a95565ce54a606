// SPDX-License-Identifier: Apache-2.0
// Desired state: the boosts that were asked for, by what was named, whatever is there. A plain value: a change is made
// on a copy, the copy is written to disk, and only then does it take its place.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mus/result.hpp"
#include "mus/service.hpp"
#include "mus/types.hpp"

namespace mus {

/// The same target however it was spelled: one leading slash, no trailing one; a unit name with its type.
[[nodiscard]] Target normalized(Target target);

/// True when every field given in `wanted` equals the boost's. `all` is no field: it asks for several matches.
/// A target with no field given matches nothing.
[[nodiscard]] bool matches(const Target& wanted, const Target& boost);

struct DesiredBoost {
  std::uint64_t number = 0;  ///< 0: DesiredState gives it one
  /// Normalized. A process is named by its cgroup, as kind `cgroup`; `pid` then says which it was, as long as the
  /// daemon lives.
  Target target;
  std::uint32_t weight = 0;
  bool ignore_limit = false;
  std::optional<std::chrono::milliseconds> ttl;
  std::optional<TimePoint> expires;
  TimePoint since{};      ///< when it was set, or read from disk: what older lists say of it is not asked
  std::string note;       ///< what was done to it at a restart; empty as a rule
  bool declared = false;  ///< by the pod itself (declared.hpp)
  bool spent = false;     ///< declared, and its time is up: it acts no more, and is known so as not to begin anew
};

/// "b7".
[[nodiscard]] std::string boost_id(std::uint64_t number);

using BoostNumbers = std::vector<std::uint64_t>;

class DesiredState {
 public:
  static constexpr std::size_t kCapacity = 1024;  ///< of those that were asked for, and of declared ones, each

  struct Put {
    std::uint64_t number = 0;
    bool replaced = false;
  };

  DesiredState() = default;
  /// As it was read from disk: `boosts` in the order in which they were set, with numbers below `next`.
  DesiredState(std::vector<DesiredBoost> boosts, std::uint64_t next, std::uint64_t version)
      : boosts_(std::move(boosts)), next_(next), version_(version) {}

  /// Adds a boost, or replaces the one with an equal target (which keeps its number and becomes the latest). Declared
  /// ones and others are apart in this, and in their order all others are later.
  /// Errc::capacity when there is no room.
  Result<Put> put(DesiredBoost boost);

  /// The same boosts as a later change.
  [[nodiscard]] DesiredState as_version(std::uint64_t version) const;

  /// Numbers that are not there are passed over.
  void erase(const BoostNumbers& numbers);

  /// A declared boost whose time is up.
  void spend(std::uint64_t number);

  // Oldest number first. Without declared ones: those their pods take back.
  [[nodiscard]] BoostNumbers matching(const Target& wanted) const;
  [[nodiscard]] BoostNumbers all() const;
  /// Is there a declared one that matches?
  [[nodiscard]] bool any_declared(const Target& wanted) const;

  [[nodiscard]] bool any_expired(TimePoint now) const;
  [[nodiscard]] const DesiredBoost* find(std::uint64_t number) const;

  /// In the order in which they were set: where several meet, the later one counts.
  [[nodiscard]] const std::vector<DesiredBoost>& boosts() const { return boosts_; }
  [[nodiscard]] std::size_t size() const { return boosts_.size(); }
  /// Grows with every change.
  [[nodiscard]] std::uint64_t version() const { return version_; }
  [[nodiscard]] std::uint64_t next_number() const { return next_; }

 private:
  template <class Predicate>
  [[nodiscard]] BoostNumbers numbers_if(Predicate predicate) const;

  std::vector<DesiredBoost> boosts_;
  std::uint64_t next_ = 1;
  std::uint64_t version_ = 0;
};

}  // namespace mus
