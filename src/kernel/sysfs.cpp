// SPDX-License-Identifier: Apache-2.0
#include "kernel/sysfs.hpp"

#include <charconv>
#include <fstream>

namespace mus {

std::optional<std::string> read_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!file || (!std::getline(file, line) && !file.eof())) return std::nullopt;
  return line;
}

std::optional<std::uint32_t> cpu_list_end(const std::string& list) {
  // Lists are sorted, so the last number counts.
  const auto start = list.find_last_of(",-");
  const char* first = list.data() + (start == std::string::npos ? 0 : start + 1);
  const char* last = list.data() + list.size();
  std::uint32_t cpu = 0;
  const auto [end, error] = std::from_chars(first, last, cpu);
  if (error != std::errc{} || end != last) return std::nullopt;
  return cpu + 1;
}

std::vector<std::uint32_t> cpu_list(const std::string& list) {
  constexpr std::uint32_t limit = 65536;  // more is no list of CPUs
  std::vector<std::uint32_t> cpus;
  const char* at = list.data();
  const char* const end = at + list.size();
  while (at != end) {
    std::uint32_t first = 0;
    auto [next, error] = std::from_chars(at, end, first);
    std::uint32_t last = first;
    if (error == std::errc{} && next != end && *next == '-') {
      const auto range = std::from_chars(next + 1, end, last);
      next = range.ptr;
      error = range.ec;
    }
    if (error != std::errc{} || last < first || last >= limit) return cpus;
    for (std::uint32_t cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
    if (next != end && *next != ',') return cpus;
    at = next == end ? end : next + 1;
  }
  return cpus;
}

SchedExtState read_sched_ext_state(const std::string& sys_root) {
  const std::string dir = sys_root + "/kernel/sched_ext";
  SchedExtState state;
  const auto line = read_line(dir + "/state");
  if (!line) return state;
  state.present = true;
  state.state = *line;
  state.ops = read_line(dir + "/root/ops").value_or("");
  if (const auto seq = read_line(dir + "/hotplug_seq")) {
    std::from_chars(seq->data(), seq->data() + seq->size(), state.hotplug_seq);
  }
  return state;
}

}  // namespace mus
