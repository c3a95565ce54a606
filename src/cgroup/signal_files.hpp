// SPDX-License-Identifier: Apache-2.0
// SignalFiles on /proc and a mounted cgroup2 file system (in tests: on directories that look like them).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "cgroup/tree.hpp"
#include "mus/signal_files.hpp"

namespace mus {

/// /proc/<pid>/net/dev: all devices but lo, summed up. Errc::protocol for what is no such file.
[[nodiscard]] Result<NetworkCounters> parse_net_dev(std::string_view text);

/// cpu.pressure: the total of its line "some", in us (Documentation/accounting/psi.rst). Errc::protocol likewise.
[[nodiscard]] Result<std::uint64_t> parse_pressure(std::string_view text);

class CgroupSignalFiles final : public SignalFiles {
 public:
  static constexpr std::size_t kMostOpen = 256;  ///< of each kind; what is beyond is opened every time
  static constexpr unsigned kReadings = 30;      ///< then whose network it is is looked up again

  CgroupSignalFiles(std::string cgroup_root, std::string proc_root);

  Result<NetworkCounters> network(const Cgroup& cgroup) override;
  Result<std::uint64_t> pressure_us(const Cgroup& cgroup) override;
  void close_unused() override;

 private:
  struct Open {
    TreeFd file;
    unsigned readings = 0;
    bool used = true;
  };
  using Files = std::unordered_map<std::uint64_t, Open>;

  [[nodiscard]] Result<TreeFd> open_network(const Cgroup& cgroup) const;
  [[nodiscard]] Result<TreeFd> open_pressure(const Cgroup& cgroup) const;
  [[nodiscard]] bool is_hosts(const TreeFd& proc, const TreeFd& net_dev) const;

  const std::string cgroup_root_;
  const std::string proc_root_;
  Files network_;
  Files pressure_;
};

}  // namespace mus
