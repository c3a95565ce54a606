// SPDX-License-Identifier: Apache-2.0
#include "cgroup/process_check.hpp"

#include <fcntl.h>

#include <cstddef>
#include <deque>

#include "cgroup/proc_cgroup.hpp"

namespace mus {

ProcessCheck check_processes(const Tree& tree, const std::string& path, const std::string& proc_root) {
  constexpr std::size_t max_directories = 64;
  constexpr int max_processes = 16;
  constexpr std::size_t max_text = 16384;

  const TreeFd proc{open(proc_root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!proc.valid()) return ProcessCheck::unseen;

  // The directory itself may have none: crun runs the payload in "<scope>/container".
  std::deque<std::string> queue{path};
  std::size_t directories = 0;
  int visible = 0;
  while (!queue.empty() && directories++ < max_directories && visible < max_processes) {
    const auto at = std::move(queue.front());
    queue.pop_front();
    for (const long pid : tree.processes(at)) {
      const auto text = read_file_at(proc.get(), std::to_string(pid) + "/cgroup", max_text);
      if (!text) continue;  // ended meanwhile, or hidden
      const auto said = parse_proc_cgroup(*text);
      if (!said) continue;
      // One process that agrees is proof enough; one that does not may just have been moved or be exiting.
      if (!said->deleted && same_tail(said->tail, at)) return ProcessCheck::agrees;
      if (++visible >= max_processes) break;
    }
    for (const auto& child : tree.children(at)) queue.push_back(join(at, child));
  }
  return visible > 0 ? ProcessCheck::disagrees : ProcessCheck::unseen;
}

}  // namespace mus
