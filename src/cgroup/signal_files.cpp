// SPDX-License-Identifier: Apache-2.0
#include "cgroup/signal_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <deque>
#include <optional>
#include <utility>

#include "cgroup/names.hpp"

namespace mus {
namespace {

constexpr std::size_t kMostText = 65536;  // some 500 devices
constexpr std::size_t kMostDirectories = 64;
constexpr int kMostProcesses = 16;

/// From its beginning, as it is now: both kinds of files are made anew with each read at 0.
std::optional<std::string> text_of(const TreeFd& file) {
  std::string text;
  std::array<char, 4096> part{};
  while (text.size() < kMostText) {
    const auto got = pread(file.get(), part.data(), part.size(), static_cast<off_t>(text.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    text.append(part.data(), static_cast<std::size_t>(got));
    if (got == 0) break;
  }
  return text;
}

std::string_view take_line(std::string_view& text) {
  const auto line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  return line;
}

std::optional<std::uint64_t> take_number(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return text;
}

Error gone(const Cgroup& cgroup) {
  return {Errc::not_found, "cgroup " + cgroup.path + " has gone", {}};
}

}  // namespace

// net/core/net-procfs.c, dev_seq_printf_stats(): two lines of titles, then "name: " and sixteen numbers each, of which
// the first and the ninth are bytes, and those after them packets.
Result<NetworkCounters> parse_net_dev(std::string_view text) {
  const auto odd = [] { return fail(Errc::protocol, "net/dev does not look like one"); };
  if (take_line(text).find("Receive") == std::string_view::npos || take_line(text).empty()) return odd();
  NetworkCounters sum;
  while (!text.empty()) {
    auto line = take_line(text);
    const auto colon = line.rfind(':');
    if (colon == std::string_view::npos) return odd();
    const bool loopback = trimmed(line.substr(0, colon)) == "lo";
    line.remove_prefix(colon + 1);
    std::array<std::uint64_t, 16> numbers{};
    for (auto& number : numbers) {
      const auto value = take_number(line);
      if (!value) return odd();
      number = *value;
    }
    if (loopback) continue;
    sum.received_bytes += numbers[0];
    sum.received_packets += numbers[1];
    sum.sent_bytes += numbers[8];
    sum.sent_packets += numbers[9];
  }
  return sum;
}

Result<std::uint64_t> parse_pressure(std::string_view text) {
  constexpr std::string_view kTotal = " total=";
  while (!text.empty()) {
    auto line = take_line(text);
    if (!line.starts_with("some ")) continue;
    const auto at = line.find(kTotal);
    if (at == std::string_view::npos) break;
    line.remove_prefix(at + kTotal.size());
    const auto total = take_number(line);
    if (!total || !line.empty()) break;
    return *total;
  }
  return fail(Errc::protocol, "cpu.pressure does not look like one");
}

CgroupSignalFiles::CgroupSignalFiles(std::string cgroup_root, std::string proc_root)
    : cgroup_root_(std::move(cgroup_root)), proc_root_(std::move(proc_root)) {}

// Each network namespace has a /proc/net of its own, whose files have inode numbers of their own (fs/proc/generic.c,
// proc_alloc_inum()). To compare /proc/<pid>/ns/net would take CAP_SYS_PTRACE.
bool CgroupSignalFiles::is_hosts(const TreeFd& proc, const TreeFd& net_dev) const {
  struct stat theirs = {};
  struct stat hosts = {};
  if (fstat(net_dev.get(), &theirs) != 0) return false;
  return fstatat(proc.get(), "1/net/dev", &hosts, 0) == 0 && theirs.st_ino == hosts.st_ino;
}

Result<TreeFd> CgroupSignalFiles::open_network(const Cgroup& cgroup) const {
  const auto tree = Tree::open(cgroup_root_);
  if (!tree) return tl::unexpected(tree.error());
  const TreeFd proc{open(proc_root_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!proc.valid()) return fail(Errc::io, proc_root_ + " cannot be opened: " + std::strerror(errno));
  const auto there = tree->look(cgroup.path);
  if (!there || there->id != cgroup.id) return tl::unexpected(gone(cgroup));
  std::deque<std::string> queue{cgroup.path};
  std::size_t directories = 0;
  int processes = 0;
  while (!queue.empty() && directories++ < kMostDirectories && processes < kMostProcesses) {
    const auto at = std::move(queue.front());
    queue.pop_front();
    for (const long pid : tree->processes(at)) {
      TreeFd file{openat(proc.get(), (std::to_string(pid) + "/net/dev").c_str(), O_RDONLY | O_CLOEXEC)};
      if (file.valid()) {
        if (is_hosts(proc, file)) {
          return fail(Errc::unsupported, "it uses the host's network, and has none of its own");
        }
        return file;
      }
      if (++processes >= kMostProcesses) break;  // they end, or are hidden
    }
    for (const auto& child : tree->children(at)) queue.push_back(join(at, child));
  }
  return fail(Errc::not_found, "no process of cgroup " + cgroup.path + " is visible here");
}

Result<TreeFd> CgroupSignalFiles::open_pressure(const Cgroup& cgroup) const {
  const auto tree = Tree::open(cgroup_root_);
  if (!tree) return tl::unexpected(tree.error());
  const TreeFd dir = tree->enter(cgroup.path);
  const auto id = dir.valid() ? tree->id(dir) : std::nullopt;
  if (!id || *id != cgroup.id) return tl::unexpected(gone(cgroup));
  TreeFd file{openat(dir.get(), "cpu.pressure", O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
  if (file.valid()) return file;
  if (errno == ENOENT) return fail(Errc::unsupported, "this kernel keeps no cpu.pressure (boot it with psi=1)");
  return fail(Errc::io, "cpu.pressure cannot be opened: " + std::string(std::strerror(errno)));
}

Result<NetworkCounters> CgroupSignalFiles::network(const Cgroup& cgroup) {
  auto known = network_.find(to_u64(cgroup.id));
  if (known == network_.end() || known->second.readings >= kReadings) {
    auto file = open_network(cgroup);
    if (known != network_.end()) network_.erase(known);
    if (!file) return tl::unexpected(file.error());
    const auto text = text_of(*file);
    if (network_.size() < kMostOpen) network_[to_u64(cgroup.id)] = {std::move(*file), 1, true};
    return text ? parse_net_dev(*text) : fail(Errc::io, "net/dev cannot be read");
  }
  ++known->second.readings;
  known->second.used = true;
  const auto text = text_of(known->second.file);
  return text ? parse_net_dev(*text) : fail(Errc::io, "net/dev cannot be read");
}

Result<std::uint64_t> CgroupSignalFiles::pressure_us(const Cgroup& cgroup) {
  auto known = pressure_.find(to_u64(cgroup.id));
  std::optional<std::string> text;
  if (known == pressure_.end()) {
    auto file = open_pressure(cgroup);
    if (!file) return tl::unexpected(file.error());
    text = text_of(*file);
    if (pressure_.size() < kMostOpen) pressure_[to_u64(cgroup.id)] = {std::move(*file), 1, true};
  } else {
    known->second.used = true;
    text = text_of(known->second.file);
  }
  // ENODEV once the cgroup has gone, EOPNOTSUPP with psi=0.
  if (!text && errno == EOPNOTSUPP)
    return fail(Errc::unsupported, "this kernel keeps no cpu.pressure (boot it with psi=1)");
  if (!text) return tl::unexpected(gone(cgroup));
  return parse_pressure(*text);
}

void CgroupSignalFiles::close_unused() {
  for (auto* files : {&network_, &pressure_}) {
    std::erase_if(*files, [](const auto& entry) { return !entry.second.used; });
    for (auto& [id, file] : *files) file.used = false;
  }
}

}  // namespace mus
