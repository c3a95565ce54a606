// SPDX-License-Identifier: Apache-2.0
// Boosts that pods declare for themselves, by annotations:
//   mus-scheduler.io/weight              for the whole pod
//   mus-scheduler.io/weight.<container>  for one container of it
//   mus-scheduler.io/ttl                 for how long, from when the daemon first saw it; without it, as long as the
//   pod
// Whoever may make pods writes them, so nothing counts but in the namespaces that the operator has named, and up to a
// ceiling. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/desired.hpp"
#include "mus/types.hpp"

namespace mus {

struct DeclarationRules {
  std::vector<std::string> namespaces{};  ///< "*": any; empty: nobody declares anything
  std::uint32_t ceiling = 4096;           ///< the highest weight that may be declared

  [[nodiscard]] bool on() const { return !namespaces.empty(); }
  [[nodiscard]] bool allow(const std::string& ns) const;
};

struct Declaration {
  Target target;  ///< by namespace, name and uid, maybe with a container
  std::uint32_t weight = 0;
  std::optional<std::chrono::milliseconds> ttl;

  bool operator==(const Declaration&) const = default;
};

struct RefusedDeclaration {
  std::string ns, pod, uid, container;
  std::string why;  ///< a sentence; without what was written, unless that is sure to be printable

  auto operator<=>(const RefusedDeclaration&) const = default;
};

struct Declarations {
  std::vector<Declaration> wanted;  ///< in order of the list's pods
  std::vector<RefusedDeclaration> refused;
};

[[nodiscard]] Declarations read_declarations(const PodList& list, const DeclarationRules& rules);

/// What becomes of desired state.
struct Adopted {
  DesiredState desired;
  BoostNumbers set;                                              ///< new, or changed
  std::vector<std::pair<DesiredBoost, std::string>> taken_back;  ///< and why
  std::vector<RefusedDeclaration> refused;                       ///< there was no room
};

/// `list` has labels. What it does not have of a pod that it lists is no longer declared; pods that it does not list
/// keep what they have declared, until reconcile() finds that they are gone.
[[nodiscard]] Adopted adopt(const DesiredState& desired, const PodList& list, const Declarations& declarations,
                            TimePoint now);

}  // namespace mus
