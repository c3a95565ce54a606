// SPDX-License-Identifier: Apache-2.0
// What the kernel's files tell of a cgroup beside what the scheduler meters: its network, its CPU pressure.
#pragma once

#include <cstdint>

#include "mus/result.hpp"
#include "mus/types.hpp"

namespace mus {

/// Of a network namespace, loopback left out, since it was made.
struct NetworkCounters {
  std::uint64_t received_packets = 0;
  std::uint64_t sent_packets = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t sent_bytes = 0;

  bool operator==(const NetworkCounters&) const = default;
};

/// For one thread at a time. Keeps files open from one call to the next: to open one in /proc costs more than to read
/// it.
class SignalFiles {
 public:
  virtual ~SignalFiles() = default;

  /// Of the network namespace of the cgroup's processes, those of cgroups below included. Errors: not_found (it has no
  /// process, or none that is visible here), unsupported (they use the host's), io.
  virtual Result<NetworkCounters> network(const Cgroup& cgroup) = 0;

  /// Microseconds in which some task of it waited for a CPU, since it was made: "some total" of cpu.pressure. Errors:
  /// not_found, unsupported (the kernel keeps none: psi=0), io.
  virtual Result<std::uint64_t> pressure_us(const Cgroup& cgroup) = 0;

  /// Closes the files that nobody has asked for since the last call of this.
  virtual void close_unused() = 0;
};

}  // namespace mus
