// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "mus/abi.h"
#include "mus/result.hpp"
#include "mus/scheduler.hpp"

struct bpf_map;

namespace mus {

/// The scheduler's meters, mapped into this process: reading them is no system call. BPF writes meanwhile, so each
/// figure is right and together they may be of two moments. Unmapped with the object; the map may be gone before.
class MeterMap {
 public:
  MeterMap() = default;
  /// `map` is loaded, and sized for so many CPUs.
  static Result<MeterMap> open(const bpf_map* map, std::uint32_t cpus);
  MeterMap(MeterMap&& other) noexcept;
  MeterMap& operator=(MeterMap&& other) noexcept;
  MeterMap(const MeterMap&) = delete;
  MeterMap& operator=(const MeterMap&) = delete;
  ~MeterMap();

  /// Summed over CPUs; of a flow that there cannot be, 0.
  [[nodiscard]] CgroupMeter read(std::uint32_t flow) const;

 private:
  const mus_meter* meters_ = nullptr;
  std::uint32_t cpus_ = 0;
  std::size_t length_ = 0;
};

}  // namespace mus
