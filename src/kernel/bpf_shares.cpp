// SPDX-License-Identifier: Apache-2.0
#include "kernel/bpf_shares.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace mus {
namespace {

template <class T>
T load(const T& from) {
  return __atomic_load_n(&from, __ATOMIC_RELAXED);
}
template <class T>
void store(T& to, T value) {
  if (load(to) != value) __atomic_store_n(&to, value, __ATOMIC_RELAXED);  // leaves the CPUs their cache lines
}

CgroupRecord from_abi(const mus_cgroup_record& record) {
  const auto load = static_cast<std::int32_t>(record.load & 0xffffffff);
  const auto threads = (record.load - load) >> 32;
  CgroupRecord out;
  out.id = CgroupId{record.id};
  out.parent = CgroupId{record.parent};
  out.flow = record.flow;
  out.shares = record.shares;
  out.boost = record.boost;
  // Summed over CPUs while tasks move: for a moment it may be off by one.
  out.threads = static_cast<std::uint32_t>(std::max<std::int64_t>(threads, 0));
  out.load = static_cast<std::uint32_t>(std::max(load, 0));
  out.level = record.level;
  if (record.quota_ns > 0 && record.period_ns > 0) {
    out.limit = static_cast<double>(record.quota_ns) / static_cast<double>(record.period_ns);
  }
  out.lifted_from = record.lifted_from;
  out.birth = record.birth;
  return out;
}

class BpfShares final : public CgroupShares {
 public:
  explicit BpfShares(ShareMemory memory) : memory_(std::move(memory)) {}

  Waiting waiting() override {
    ring_buffer__consume(memory_.bell.get());
    const auto before = __atomic_exchange_n(memory_.contention, 0, __ATOMIC_SEQ_CST);
    if (before & MUS_CONTENDED) return Waiting::several;
    const auto since = __atomic_fetch_or(memory_.contention, MUS_TELL, __ATOMIC_SEQ_CST);
    if (since & MUS_CONTENDED) return Waiting::several;
    return before & MUS_FIRST_WAITER ? Waiting::one : Waiting::nobody;
  }

  [[nodiscard]] int contention_fd() const override { return ring_buffer__epoll_fd(memory_.bell.get()); }

  Result<std::vector<CgroupRecord>> walk() override {
    const int iterator = bpf_iter_create(bpf_link__fd(memory_.walk));
    if (iterator < 0) return failed(errno);
    char nothing[64];  // the program prints nothing: one read is the whole walk
    const ssize_t length = read(iterator, nothing, sizeof nothing);
    const int error = errno;
    close(iterator);
    if (length < 0) return failed(error);
    const std::size_t found = std::min<std::size_t>(load(*memory_.found), memory_.records.size());
    std::vector<CgroupRecord> cgroups(found);
    std::transform(memory_.records.begin(), memory_.records.begin() + static_cast<std::ptrdiff_t>(found),
                   cgroups.begin(), from_abi);
    return cgroups;
  }

  [[nodiscard]] CgroupMeter meter(std::uint32_t flow) override { return memory_.meters.read(flow); }

  void set(const ShareUpdate& update) override {
    for (const auto& flow : update.flows) {
      if (flow.flow >= memory_.shares.size()) continue;
      auto& share = memory_.shares[flow.flow];
      store(share.own, flow.own);
      store(share.whole, flow.whole);
      store(share.rivals, flow.rivals);
    }
    store(*memory_.root, update.root);
    store(*memory_.heaviest, update.heaviest);
  }

 private:
  static tl::unexpected<Error> failed(int error) {
    return fail(Errc::io, std::string("the cgroup tree cannot be walked: ") + std::strerror(error));
  }

  ShareMemory memory_;
};

}  // namespace

std::shared_ptr<CgroupShares> make_bpf_shares(ShareMemory memory) {
  return std::make_shared<BpfShares>(std::move(memory));
}

}  // namespace mus
