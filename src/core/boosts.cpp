// SPDX-License-Identifier: Apache-2.0
#include "core/boosts.hpp"

#include "mus/abi.h"

namespace mus {

std::uint32_t weight_of(const PathWeights& weights, std::string_view path) {
  for (;;) {
    if (const auto found = weights.find(path); found != weights.end()) return found->second;
    const auto slash = path.rfind('/');
    if (slash == std::string_view::npos || path.size() <= 1) return MUS_WEIGHT_ONE;
    path = path.substr(0, slash);
  }
}

std::vector<PolicyChange> changes(const Policies& from, const Policies& to) {
  std::vector<PolicyChange> result;
  for (const auto& [id, policy] : from) {
    if (!to.contains(id)) result.push_back({id, std::nullopt});
  }
  for (const auto& [id, policy] : to) {
    const auto old = from.find(id);
    if (old == from.end() || old->second != policy) result.push_back({id, policy});
  }
  return result;
}

}  // namespace mus
