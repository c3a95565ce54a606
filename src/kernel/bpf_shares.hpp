// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "kernel/meter_map.hpp"
#include "mus/abi.h"
#include "mus/scheduler.hpp"

struct bpf_link;
struct ring_buffer;

namespace mus {

/// Where the loaded program keeps what the daemon reads and writes while it divides CPU time.
struct ShareMemory {
  std::shared_ptr<void> owner;  ///< of all that follows
  bpf_link* walk = nullptr;     ///< the iterator over cgroups
  std::span<mus_share> shares;  ///< by flow
  std::uint32_t* root = nullptr;
  std::uint32_t* heaviest = nullptr;
  std::span<const mus_cgroup_record> records;
  const std::uint32_t* found = nullptr;
  MeterMap meters;
  std::uint32_t* contention = nullptr;                                          ///< enum mus_contention
  std::unique_ptr<ring_buffer, void (*)(ring_buffer*)> bell{nullptr, nullptr};  ///< rung when that had MUS_TELL
};

[[nodiscard]] std::shared_ptr<CgroupShares> make_bpf_shares(ShareMemory memory);

}  // namespace mus
