// SPDX-License-Identifier: Apache-2.0
// A cgroup tree and a /proc made of plain directories and files.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "cgroup/cgroup_fs.hpp"
#include "support/temp_dir.hpp"

namespace mus::test {

class CgroupFixture {
 public:
  CgroupFixture() {
    std::filesystem::create_directories(root());
    std::filesystem::create_directories(proc());
  }

  [[nodiscard]] std::filesystem::path root() const { return dir_.path() / "cgroup"; }
  [[nodiscard]] std::filesystem::path proc() const { return dir_.path() / "proc"; }
  [[nodiscard]] CgroupFs tree() const { return CgroupFs{root().string(), proc().string()}; }

  /// A cgroup, path as in Cgroup. Returns what the tree must say of it.
  Cgroup add(const std::string& path) const {
    std::filesystem::create_directories(root() / path.substr(1));
    return at(path);
  }
  [[nodiscard]] Cgroup at(const std::string& path) const {
    struct stat status = {};
    if (stat((root() / path.substr(1)).c_str(), &status) != 0) throw std::runtime_error("no directory " + path);
    return {CgroupId{status.st_ino}, path};
  }
  void remove(const std::string& path) const { std::filesystem::remove_all(root() / path.substr(1)); }

  /// All directories of a capture ("find /sys/fs/cgroup -type d").
  void add_capture(const std::string& listing) const {
    std::istringstream lines{listing};
    constexpr std::string_view mount = "/sys/fs/cgroup/";
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(mount)) add(line.substr(mount.size() - 1));
    }
  }

  /// Processes as cgroup.procs of a directory lists them.
  void procs(const std::string& path, const std::vector<long>& pids) const {
    std::string text;
    for (const long pid : pids) text += std::to_string(pid) + "\n";
    dir_.write(std::filesystem::path{"cgroup"} / path.substr(1) / "cgroup.procs", text);
  }

  static std::string stat_line(long pid, std::uint64_t start_time, bool kernel_thread = false) {
    std::string line = std::to_string(pid) + " (a (odd) name) S 1 1 1 0 -1 " + (kernel_thread ? "2097152" : "4194560");
    for (int field = 10; field < 22; ++field) line += " 0";
    return line + " " + std::to_string(start_time) + " 1 2 3\n";
  }

  /// A process of /proc; `cgroup` is the path of its "0::" line.
  void process(long pid, const std::string& cgroup, std::uint64_t start_time = 100, bool kernel_thread = false) const {
    const std::filesystem::path at = std::filesystem::path{"proc"} / std::to_string(pid);
    dir_.write(at / "cgroup", "0::" + cgroup + "\n");
    dir_.write(at / "stat", stat_line(pid, start_time, kernel_thread));
  }

 private:
  TempDir dir_;
};

}  // namespace mus::test
