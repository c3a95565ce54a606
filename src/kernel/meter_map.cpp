// SPDX-License-Identifier: Apache-2.0
#include "kernel/meter_map.hpp"

#include <bpf/libbpf.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace mus {

Result<MeterMap> MeterMap::open(const bpf_map* map, std::uint32_t cpus) {
  const auto length = std::size_t{cpus} * MUS_MAX_FLOWS * sizeof(mus_meter);  // whole pages
  void* at = mmap(nullptr, length, PROT_READ, MAP_SHARED, bpf_map__fd(map), 0);
  if (at == MAP_FAILED) return fail(Errc::io, std::string("the meters cannot be mapped: ") + std::strerror(errno));
  MeterMap mapped;
  mapped.meters_ = static_cast<const mus_meter*>(at);
  mapped.cpus_ = cpus;
  mapped.length_ = length;
  return mapped;
}

MeterMap::MeterMap(MeterMap&& other) noexcept {
  *this = std::move(other);
}

MeterMap& MeterMap::operator=(MeterMap&& other) noexcept {
  std::swap(meters_, other.meters_);
  std::swap(cpus_, other.cpus_);
  std::swap(length_, other.length_);
  return *this;
}

MeterMap::~MeterMap() {
  if (meters_ != nullptr) munmap(const_cast<mus_meter*>(meters_), length_);
}

CgroupMeter MeterMap::read(std::uint32_t flow) const {
  const auto now = [](const auto& from) { return __atomic_load_n(&from, __ATOMIC_RELAXED); };
  CgroupMeter sum;
  if (flow >= MUS_MAX_FLOWS) return sum;
  for (std::size_t cpu = 0; cpu < cpus_; ++cpu) {
    const auto& meter = meters_[cpu * MUS_MAX_FLOWS + flow];
    sum.cpu_time_ns += now(meter.cpu_time_ns);
    sum.wait_ns += now(meter.wait_ns);
    for (std::size_t bucket = 0; bucket < sum.waits.size(); ++bucket) sum.waits[bucket] += now(meter.waits[bucket]);
  }
  return sum;
}

}  // namespace mus
