// SPDX-License-Identifier: Apache-2.0
#include "core/tree_view.hpp"

#include <algorithm>
#include <cstdint>
#include <unordered_map>

namespace mus {

std::optional<std::size_t> TreeView::find(CgroupId id) const {
  const auto found = std::find_if(records.begin(), records.end(), [id](const auto& record) { return record.id == id; });
  if (found == records.end()) return std::nullopt;
  return static_cast<std::size_t>(found - records.begin());
}

std::vector<std::size_t> TreeView::parents() const {
  std::unordered_map<std::uint64_t, std::size_t> places;
  places.reserve(records.size());
  std::vector<std::size_t> parents;
  parents.reserve(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto above = places.find(to_u64(records[i].parent));
    parents.push_back(above == places.end() ? kNone : above->second);
    places[to_u64(records[i].id)] = i;
  }
  return parents;
}

std::vector<double> with_below(std::vector<double> own, const std::vector<std::size_t>& parents) {
  for (std::size_t i = own.size(); i-- > 0;) {
    if (parents[i] != TreeView::kNone) own[parents[i]] += own[i];
  }
  return own;
}

}  // namespace mus
