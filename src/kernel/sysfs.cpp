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
