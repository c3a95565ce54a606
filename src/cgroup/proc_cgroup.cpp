// SPDX-License-Identifier: Apache-2.0
#include "cgroup/proc_cgroup.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "cgroup/names.hpp"

namespace mus {
namespace {

constexpr std::uint64_t pf_kthread = 0x00200000;  // include/linux/sched.h; field 9 of stat is the task's flags

template <class T>
bool number(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

Result<ProcCgroup> parse_proc_cgroup(std::string_view text) {
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    // "0::" is the unified hierarchy; on hybrid systems the v1 lines come first (cgroups(7)).
    if (!line.starts_with("0::/")) continue;
    line.remove_prefix(3);
    ProcCgroup found;
    constexpr std::string_view gone = " (deleted)";
    if (line.ends_with(gone)) {
      found.deleted = true;
      line.remove_suffix(gone.size());
    }
    while (line == "/.." || line.starts_with("/../")) {
      found.relative = true;
      line.remove_prefix(3);
    }
    found.tail = line.empty() ? "/" : std::string{line};
    if (!plain_path(found.tail)) {
      return fail(Errc::protocol, "/proc names a cgroup whose path has parts that we do not accept");
    }
    return found;
  }
  return fail(Errc::unsupported, "/proc shows no cgroup v2 line for the process",
              "boot with systemd.unified_cgroup_hierarchy=1: only cgroup v2 is supported");
}

bool same_tail(std::string_view a, std::string_view b) {
  if (a.size() < b.size()) std::swap(a, b);
  if (b == "/" || b.empty()) return a == b;
  // Both start with "/", so the shorter one begins at the start of a component.
  return a.ends_with(b);
}

Result<ProcStat> parse_proc_stat(std::string_view text) {
  // The second field is the command in parentheses and may hold spaces and parentheses: start after the last one.
  const auto close = text.rfind(')');
  if (close == std::string_view::npos) return fail(Errc::protocol, "/proc/<pid>/stat has no command field");
  text.remove_prefix(close + 1);
  ProcStat stat;
  int field = 2;
  while (!text.empty() && field < 22) {
    const auto begin = text.find_first_not_of(" \n");
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    const auto word = text.substr(0, text.find_first_of(" \n"));
    text.remove_prefix(word.size());
    ++field;
    std::uint64_t flags = 0;
    if (field == 9 && number(word, flags)) stat.kernel_thread = (flags & pf_kthread) != 0;
    if (field == 22 && number(word, stat.start_time)) return stat;
  }
  return fail(Errc::protocol, "/proc/<pid>/stat has no start time");
}

}  // namespace mus
