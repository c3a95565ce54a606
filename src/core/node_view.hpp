// SPDX-License-Identifier: Apache-2.0
// One look at the node: who is there, where, and what of it is not known. Plain values; the daemon fills them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "mus/cgroup_tree.hpp"
#include "mus/container_lookup.hpp"
#include "mus/types.hpp"

namespace mus {

/// Where a boost is that is no pod's; none: nowhere, for that reason.
struct Place {
  std::optional<Cgroup> cgroup;
  std::string why;
};

struct NodeView {
  std::uint64_t look = 0;  ///< looks are numbered as they begin

  bool pods = false;                    ///< looked for pods: the next five are filled
  std::shared_ptr<const PodList> list;  ///< none: nobody knows
  std::string no_list;                  ///< why not
  std::vector<PodCgroup> directories;
  std::vector<ContainerIdentity> identities;  ///< of directories whose container is not in the list, as far as known
  std::set<CgroupId> doubtful;                ///< /proc names another directory for their processes

  std::map<std::uint64_t, Place> places;  ///< by the boost's number; those that are not in it were not looked for
  std::string limits_hold;                ///< why no limit may be lifted; empty: it may
};

/// A view, ready to be asked. Both must outlive what it returns.
class NodeIndex {
 public:
  /// `view.pods` is true.
  explicit NodeIndex(const NodeView& view);
  NodeIndex(const NodeIndex&) = delete;
  NodeIndex& operator=(const NodeIndex&) = delete;

  struct Leaf {
    const PodCgroup* pod = nullptr;
    const Cgroup* cgroup = nullptr;
  };

  /// With what the runtime's files say already. Null: nobody knows, and the files say nothing.
  [[nodiscard]] const PodList* list() const { return list_; }
  /// The list alone says for sure who is not there.
  [[nodiscard]] bool complete() const { return view_.list && view_.list->complete(); }
  /// When the list was made that is looked at.
  [[nodiscard]] TimePoint listed_at() const { return view_.list ? view_.list->fetched_at : TimePoint{}; }
  /// In the list itself, whatever the runtime's files say.
  [[nodiscard]] bool listed(std::string_view uid) const { return pods_.contains(uid); }

  /// The pod's directory. There can be several: the one with its containers, the topmost.
  [[nodiscard]] const PodCgroup* directory(const Pod& pod) const;
  /// One with a container or a sandbox. An empty one may be left for minutes after the pod's end (kubelet 1.20).
  [[nodiscard]] bool in_use(std::string_view uid) const;
  /// The container's directory below one of its pod's.
  [[nodiscard]] std::optional<Leaf> leaf(const Pod& pod, const Container& container) const;
  /// The pod's directory when the id is that, or that of a container of it; null when nothing has this id.
  [[nodiscard]] const PodCgroup* owner(CgroupId id) const;
  [[nodiscard]] const NodeView& view() const { return view_; }

 private:
  void add_identities();

  const NodeView& view_;
  const PodList* list_ = nullptr;
  PodList with_identities_;
  std::unordered_map<std::string_view, const Pod*> pods_;  // of the list, by uid and config hash
  std::unordered_multimap<std::string_view, const PodCgroup*> directories_;
  std::unordered_map<std::string_view, Leaf> leaves_;
  std::unordered_map<std::uint64_t, const PodCgroup*> owners_;
};

/// How deep a directory is: 1 for a child of the root.
[[nodiscard]] std::uint32_t depth_of(std::string_view path);

}  // namespace mus
