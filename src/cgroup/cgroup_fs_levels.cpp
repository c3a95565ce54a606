// SPDX-License-Identifier: Apache-2.0
// CgroupFs: what the files on the way to a cgroup say, and what is below one.
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cgroup/cgroup_fs.hpp"
#include "cgroup/names.hpp"

namespace mus {
namespace {

constexpr std::size_t kLine = 128;
constexpr std::size_t kMostChildren = 65536;

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::string> line_of(const TreeFd& dir, const char* file) {
  auto text = read_file_at(dir.get(), file, kLine);
  if (text) text->erase(std::min(text->find('\n'), text->size()));
  return text;
}

/// "max 100000" or "50000 100000", in microseconds; 0 for no limit.
double limit_of(std::string_view line) {
  const auto space = line.find(' ');
  if (space == std::string_view::npos) return 0;
  const auto quota = number_of(line.substr(0, space));
  const auto period = number_of(line.substr(space + 1));
  if (!quota || !period || *period == 0) return 0;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

CgroupLevel read_level(const TreeFd& dir, Cgroup cgroup) {
  CgroupLevel level{std::move(cgroup)};
  constexpr std::uint64_t most_weight = 10000;  // CGROUP_WEIGHT_MAX
  if (const auto weight = line_of(dir, "cpu.weight")) {
    const auto value = number_of(*weight);
    if (value && *value <= most_weight) level.weight = static_cast<std::uint32_t>(*value);
  }
  if (const auto idle = line_of(dir, "cpu.idle")) level.idle = *idle == "1";
  if (const auto max = line_of(dir, "cpu.max")) level.limit = limit_of(*max);
  return level;
}

}  // namespace

Result<std::vector<CgroupLevel>> CgroupFs::levels(const Cgroup& cgroup) const {
  const auto gone = [&] { return fail(Errc::not_found, "cgroup " + cgroup.path + " has gone"); };
  if (!plain_path(cgroup.path) || cgroup.path == "/") {
    return fail(Errc::invalid_argument, "not the path of a cgroup below the root");
  }
  const auto tree = Tree::open(cgroup_root_);
  if (!tree) return tl::unexpected(tree.error());
  std::vector<CgroupLevel> levels;
  for (std::size_t slash = 0; slash != std::string::npos;) {
    slash = cgroup.path.find('/', slash + 1);
    const auto path = cgroup.path.substr(0, slash);
    const TreeFd dir = tree->enter(path);
    const auto id = dir.valid() ? tree->id(dir) : std::nullopt;
    if (!id) return gone();
    levels.push_back(read_level(dir, {*id, path}));
  }
  if (levels.back().cgroup.id != cgroup.id) return gone();
  return levels;
}

std::vector<Cgroup> CgroupFs::children(const Cgroup& parent) const {
  std::vector<Cgroup> found;
  if (!plain_path(parent.path)) return found;
  const auto tree = Tree::open(cgroup_root_);
  if (!tree) return found;
  for (const auto& name : tree->children(parent.path)) {
    if (found.size() == kMostChildren) break;
    if (auto child = tree->look(join(parent.path, name))) found.push_back(std::move(*child));
  }
  return found;
}

}  // namespace mus
