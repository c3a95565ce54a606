// SPDX-License-Identifier: Apache-2.0
// CgroupFs: the directories of systemd's units.
#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include "cgroup/cgroup_fs.hpp"
#include "cgroup/kube_layout.hpp"
#include "cgroup/refusal.hpp"

namespace mus {
namespace {

/// Letters of systemd.unit(5), plus the backslash of its escapes.
bool valid_unit_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view{":-_.\\@"}.find(c) != std::string_view::npos;
  });
}

bool ends_with_any(std::string_view name, const auto& suffixes) {
  return std::any_of(suffixes.begin(), suffixes.end(), [&](std::string_view suffix) { return name.ends_with(suffix); });
}

/// Only slices are entered: units are their direct children, and below a unit the tree may be somebody else's
/// (Delegate=, a user's manager), who could give a directory any name.
std::vector<std::string> find_unit(const Tree& tree, const std::string& name) {
  constexpr std::size_t max_slices = 8192;
  constexpr std::size_t max_found = 16;
  std::vector<std::string> found;
  std::deque<std::string> queue{"/"};
  std::size_t slices = 0;
  while (!queue.empty() && slices++ < max_slices && found.size() < max_found) {
    const auto at = std::move(queue.front());
    queue.pop_front();
    for (const auto& child : tree.children(at)) {
      auto path = join(at, child);
      if (child == name) found.push_back(path);
      if (child.ends_with(".slice") && kube::step(kube::Place::outside, child).place == kube::Place::outside) {
        queue.push_back(std::move(path));
      }
    }
  }
  return found;
}

}  // namespace

Result<Cgroup> CgroupFs::unit(std::string_view name) const {
  constexpr std::array<std::string_view, 3> with_cgroup{".service", ".scope", ".slice"};
  constexpr std::array<std::string_view, 8> without{".timer", ".socket", ".target", ".mount",
                                                    ".path",  ".device", ".swap",   ".automount"};
  if (!valid_unit_name(name)) {
    return fail(Errc::invalid_argument, "not the name of a systemd unit", "give a name such as redis-server.service");
  }
  std::string unit{name};
  if (ends_with_any(unit, without)) {
    return fail(Errc::invalid_argument, "unit " + unit + " is not a service, scope or slice",
                "name the service that it starts");
  }
  if (!ends_with_any(unit, with_cgroup)) unit += ".service";
  const bool kubernetes =
      unit.ends_with(".slice") && (unit.starts_with("kubepods") || unit.find("-kubepods") != std::string::npos);
  if (unit == "-.slice" || kubernetes) {
    return fail(Errc::invalid_argument,
                unit + (kubernetes ? " belongs to the kubelet" : " is the root of everything") +
                    ": it is not boosted as a unit",
                kubernetes ? "name a pod with pod=" : "name a service, a scope or another slice");
  }

  const auto tree = Tree::open(cgroup_root_);
  if (!tree) return tl::unexpected(tree.error());
  const auto found = find_unit(*tree, unit);
  if (found.empty()) {
    return fail(Errc::not_found, "no cgroup of a unit " + unit + " on this node: it is not running, or not known",
                "systemctl status " + unit);
  }
  if (found.size() > 1) {
    std::string list;
    for (const auto& path : found) list += (list.empty() ? "" : ", ") + path;
    return fail(Errc::ambiguous, "several cgroups are named " + unit + ": " + list, "name one of them with cgroup=");
  }
  if (auto allowed = check_boostable(*tree, found.front()); !allowed) return tl::unexpected(allowed.error());
  if (auto cgroup = tree->look(found.front())) return *cgroup;
  return fail(Errc::not_found, "unit " + unit + " ended while it was looked up", "try again when it is running");
}

}  // namespace mus
