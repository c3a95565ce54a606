// SPDX-License-Identifier: Apache-2.0
// The only translation unit that includes the skeleton.
#include "kernel/bpf_scheduler.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <span>
#include <utility>

#include "kernel/bpf_shares.hpp"
#include "kernel/bpf_stats.hpp"
#include "kernel/btf.hpp"
#include "kernel/policy_table.hpp"
#include "kernel/sysfs.hpp"
#include "kernel/topology.hpp"

namespace {
// The skeleton spells the BPF side's integer types.
using u8 = __u8;
using u16 = __u16;
using u32 = __u32;
using u64 = __u64;
using s32 = __s32;
using s64 = __s64;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wconversion"
#include "mus.skel.h"
#pragma GCC diagnostic pop

constexpr std::size_t kLogLimit = 2000;

// libbpf's print callback has no argument of ours: the attach under way on this thread collects here.
thread_local std::string* log_sink = nullptr;

int collect_log(libbpf_print_level level, const char* format, va_list args) {
  if (level > LIBBPF_WARN || log_sink == nullptr) return 0;
  char line[512];
  const int length = std::vsnprintf(line, sizeof line, format, args);
  if (length > 0 && log_sink->size() < kLogLimit) log_sink->append(line);
  return length;
}

struct LogCapture {
  std::string text;
  LogCapture() {
    log_sink = &text;
    libbpf_set_print(collect_log);
  }
  ~LogCapture() { log_sink = nullptr; }
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;
};

}  // namespace

namespace mus {
namespace {

struct LinkDeleter {
  void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};
using Skeleton = std::shared_ptr<mus_bpf>;  // CgroupShares keep it, too
using Link = std::unique_ptr<bpf_link, LinkDeleter>;

tl::unexpected<Error> system_failure(const char* what, int error, const std::string& log) {
  std::string message = std::string(what) + ": " + std::strerror(error);
  if (!log.empty()) message += " (" + log.substr(0, log.find('\n')) + ")";
  if (error == EPERM) {  // EACCES is the verifier's word
    return fail(Errc::unsupported, message, "run as root, or with the capabilities CAP_BPF and CAP_PERFMON");
  }
  if (error == EBUSY) return fail(Errc::busy, message, "stop the other sched_ext scheduler first");
  return fail(Errc::unsupported, message, "run `mus-scheduler check`, and see the kernel's log (dmesg)");
}

class BpfScheduler final : public Scheduler {
 public:
  BpfScheduler(const SchedulerOptions& options, std::string cgroup_root, std::string sys_root)
      : options_(options), cgroup_root_(std::move(cgroup_root)), sys_root_(std::move(sys_root)) {}
  ~BpfScheduler() override { detach(); }
  BpfScheduler(const BpfScheduler&) = delete;
  BpfScheduler& operator=(const BpfScheduler&) = delete;

  Result<void> attach() override;
  void detach() override;
  [[nodiscard]] bool attached() const override { return link_ && exit_kind() == 0; }
  [[nodiscard]] std::optional<ExitRecord> ejection() const override;
  Result<void> set_policy(CgroupId id, const Policy& policy) override;
  Result<void> clear_policy(CgroupId id) override;
  [[nodiscard]] std::vector<std::pair<CgroupId, Policy>> policies() const override { return table_.policies(); }
  Result<SchedulerStats> stats() override;
  [[nodiscard]] std::shared_ptr<CgroupShares> shares() const override { return shares_; }

 private:
  [[nodiscard]] Result<void> configure(mus_bpf& skeleton, const KernelBtf& btf, std::uint64_t hotplug_seq) const;
  [[nodiscard]] std::uint32_t exit_kind() const {
    return skeleton_ ? __atomic_load_n(&skeleton_->bss->exit_record.kind, __ATOMIC_ACQUIRE) : 0;
  }
  void publish_policies();
  void unload();

  SchedulerOptions options_;
  std::string cgroup_root_;
  std::string sys_root_;
  Skeleton skeleton_;
  Link link_;
  std::vector<Link> tracing_;
  std::shared_ptr<CgroupShares> shares_;
  PolicyTable table_;
};

void write_topology(mus_bpf& skeleton, const Topology& topology) {
  auto& to = *skeleton.rodata;
  to.nr_caches = static_cast<u32>(topology.caches.size());
  to.nr_ordered_cpus = static_cast<u32>(topology.cpu_order.size());
  std::fill(std::begin(to.cpu_caches), std::end(to.cpu_caches), MUS_NO_CACHE);
  std::copy(topology.cpu_caches.begin(), topology.cpu_caches.end(), std::begin(to.cpu_caches));
  std::copy(topology.cpu_order.begin(), topology.cpu_order.end(), std::begin(to.cpu_order));
  std::copy(topology.caches.begin(), topology.caches.end(), std::begin(to.caches));
  for (std::size_t cache = 0; cache < topology.near.size(); ++cache) {
    std::copy(topology.near[cache].begin(), topology.near[cache].end(), std::begin(to.near_caches[cache]));
  }
}

// Everything that depends on the kernel at hand and has to be said before it loads.
Result<void> BpfScheduler::configure(mus_bpf& skeleton, const KernelBtf& btf, std::uint64_t hotplug_seq) const {
  const auto possible = read_line(sys_root_ + "/devices/system/cpu/possible");
  const auto cpus = possible ? cpu_list_end(*possible) : std::nullopt;
  if (!cpus || *cpus > MUS_MAX_CPUS) {
    return fail(Errc::unsupported, "cannot use this machine's CPUs (" + possible.value_or("unknown") + ")",
                "at most " + std::to_string(MUS_MAX_CPUS) + " CPU ids are supported");
  }
  skeleton.rodata->nr_cpu_ids = *cpus;
  const auto per_cache = options_.queue_per_cache ? QueuePerCache::yes : QueuePerCache::no;
  write_topology(skeleton, read_topology(sys_root_, *cpus, per_cache));
  bpf_map__set_max_entries(skeleton.maps.flow_cpus, *cpus * MUS_MAX_FLOWS);
  bpf_map__set_max_entries(skeleton.maps.meters, *cpus * MUS_MAX_FLOWS);
  bpf_map__set_max_entries(skeleton.maps.flow_queues, skeleton.rodata->nr_caches * MUS_CLASSES * MUS_MAX_FLOWS);
  skeleton.rodata->smt_active = read_line(sys_root_ + "/devices/system/cpu/smt/active").value_or("0") == "1";
  skeleton.rodata->daemon_tgid = static_cast<std::uint32_t>(getpid());
  skeleton.rodata->slice_ns = options_.slice_ns;
  skeleton.rodata->lag_ns = options_.lag_ns;
  skeleton.rodata->preempt_on_wakeup = options_.wakeup_preemption;
  // What mended it also gave the parameter another name.
  skeleton.rodata->preempt_flag_is_lost = !btf.has_parameter("enqueue_task_scx", "core_enq_flags");
  skeleton.rodata->idle_selection = options_.idle_selection;
  skeleton.rodata->cpu_weight = options_.cpu_weight;
  skeleton.rodata->meters_on = options_.meters;

  // Bits of enum scx_ops_flags never moved, but an unknown one makes the load fail: set what this kernel names.
  const std::pair<const char*, std::uint64_t> flags[] = {
      {"SCX_OPS_ENQ_LAST", 1U << 1},                // 6.12
      {"SCX_OPS_ENQ_EXITING", 1U << 2},             // 6.12
      {"SCX_OPS_ENQ_MIGRATION_DISABLED", 1U << 4},  // 6.14
      {"SCX_OPS_ALLOW_QUEUED_WAKEUP", 1U << 5},     // 6.15
  };
  skeleton.struct_ops.mus_ops->flags = 0;
  for (const auto& [name, bit] : flags) {
    if (btf.has_enumerator("scx_ops_flags", name)) skeleton.struct_ops.mus_ops->flags |= bit;
  }
  // Closes the race between reading the CPUs and enabling: the kernel refuses when the number has moved on.
  skeleton.struct_ops.mus_ops->hotplug_seq = hotplug_seq;

  // 6.19 made re-enqueueing callable from anywhere and deprecated cpu_release; never have both.
  if (btf.has_function("scx_bpf_reenqueue_local___v2")) {
    skeleton.struct_ops.mus_ops->cpu_release = nullptr;
  }
  return {};
}

int swallow(void* /*context*/, void* /*data*/, std::size_t /*size*/) {
  return 0;
}

// The iterator belongs to the tree that is mounted at the root: in a container, "/" may be another.
Result<std::shared_ptr<CgroupShares>> open_shares(const Skeleton& skeleton, const std::string& cgroup_root) {
  const int root = open(cgroup_root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root < 0)
    return fail(Errc::io, cgroup_root + ": " + std::strerror(errno), "name the cgroup v2 tree's mount point");
  bpf_iter_link_info info{};
  info.cgroup.order = BPF_CGROUP_ITER_DESCENDANTS_PRE;
  info.cgroup.cgroup_fd = static_cast<__u32>(root);
  LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = &info, .link_info_len = sizeof info);
  bpf_link* walk = bpf_program__attach_iter(skeleton->progs.mus_walk, &options);
  const int error = errno;
  close(root);
  if (walk == nullptr) return system_failure("cgroups cannot be walked", error, {});
  skeleton->links.mus_walk = walk;  // goes with the skeleton
  ShareMemory memory;
  memory.owner = skeleton;
  memory.walk = walk;
  memory.shares = skeleton->bss->flow_shares;
  memory.root = &skeleton->data->root_share;
  memory.heaviest = &skeleton->data->max_share;
  memory.records = skeleton->bss->cgroup_records;
  memory.found = &skeleton->bss->cgroups_found;
  if (auto mapped = MeterMap::open(skeleton->maps.meters, skeleton->rodata->nr_cpu_ids); mapped) {
    memory.meters = std::move(*mapped);
  } else {
    return tl::unexpected(mapped.error());
  }
  // libbpf's typed pointer is to something volatile; all access to it is atomic.
  memory.contention = const_cast<std::uint32_t*>(&skeleton->data->contention);
  memory.bell = {ring_buffer__new(bpf_map__fd(skeleton->maps.contention_bell), swallow, nullptr, nullptr),
                 ring_buffer__free};
  if (!memory.bell) return system_failure("the scheduler's bell cannot be heard", errno, {});
  return make_bpf_shares(std::move(memory));
}

Result<void> BpfScheduler::attach() {
  detach();
  const SchedExtState state = read_sched_ext_state(sys_root_);
  if (!state.present) {
    return fail(Errc::unsupported, "this kernel has no sched_ext",
                "boot a kernel of 6.12 or later that is built with CONFIG_SCHED_CLASS_EXT=y");
  }
  if (state.state != "disabled") {
    return fail(Errc::busy, "another sched_ext scheduler is attached: " + (state.ops.empty() ? state.state : state.ops),
                "stop it first (a node has one scheduler slot)");
  }
  const auto btf = KernelBtf::load();
  if (!btf) return tl::unexpected(btf.error());

  LogCapture log;
  Skeleton skeleton(mus_bpf__open(), mus_bpf__destroy);
  if (!skeleton) return system_failure("the embedded BPF object cannot be opened", errno, log.text);
  if (auto configured = configure(*skeleton, *btf, state.hotplug_seq); !configured) return configured;
  if (const int error = mus_bpf__load(skeleton.get()); error != 0) {
    return system_failure("the kernel refused the BPF program", -error, log.text);
  }
  Link link(bpf_map__attach_struct_ops(skeleton->maps.mus_ops));
  if (!link) return system_failure("the scheduler could not be attached", errno, log.text);
  std::vector<Link> tracing;
  for (const bpf_program* program : {skeleton->progs.mus_cgroup_release, skeleton->progs.mus_sched_switch}) {
    tracing.emplace_back(bpf_program__attach(program));
    if (!tracing.back()) {
      return system_failure((std::string(bpf_program__name(program)) + " could not be attached").c_str(), errno,
                            log.text);
    }
  }
  std::shared_ptr<CgroupShares> shares;
  if (options_.cpu_weight) {
    auto opened = open_shares(skeleton, cgroup_root_);
    if (!opened) return tl::unexpected(opened.error());
    shares = std::move(*opened);
  }
  skeleton_ = std::move(skeleton);
  link_ = std::move(link);
  shares_ = std::move(shares);
  tracing_ = std::move(tracing);
  return {};
}

void BpfScheduler::detach() {
  // Synchronous: the kernel has gone back to its own scheduler when this returns. Closing the link alone is not.
  if (link_) bpf_link__detach(link_.get());
  unload();
}

void BpfScheduler::unload() {
  shares_.reset();
  tracing_.clear();
  link_.reset();
  skeleton_.reset();
  table_.clear();
}

std::optional<ExitRecord> BpfScheduler::ejection() const {
  const std::uint32_t kind = exit_kind();
  if (!link_ || kind == 0) return std::nullopt;
  const mus_exit_record& record = skeleton_->bss->exit_record;
  return ExitRecord{kind, record.code, std::string(record.reason, strnlen(record.reason, sizeof record.reason)),
                    std::string(record.message, strnlen(record.message, sizeof record.message))};
}

// Tasks cache the policy they resolved: a new generation makes each look again at its next enqueue.
void BpfScheduler::publish_policies() {
  // Until the next division, which knows better.
  __atomic_store_n(&skeleton_->data->max_share, table_.max_weight() * (MUS_SHARE_ONE / MUS_WEIGHT_ONE),
                   __ATOMIC_RELAXED);
  __atomic_fetch_add(&skeleton_->data->policy_generation, 1, __ATOMIC_RELEASE);
}

Result<void> BpfScheduler::set_policy(CgroupId id, const Policy& policy) {
  if (!attached()) return fail(Errc::unavailable, "the scheduler is not attached");
  if (auto allowed = table_.check(id, policy); !allowed) return allowed;
  const mus_policy entry{policy.weight, policy.lifted_from};
  const std::uint64_t key = to_u64(id);
  const int error = bpf_map__update_elem(skeleton_->maps.policies, &key, sizeof key, &entry, sizeof entry, BPF_ANY);
  if (error == -E2BIG)
    return fail(Errc::capacity, "the policy map is full", "take back a boost that is no longer needed");
  if (error != 0) return fail(Errc::io, std::string("the policy map refused the entry: ") + std::strerror(-error));
  table_.set(id, policy);
  publish_policies();
  return {};
}

Result<void> BpfScheduler::clear_policy(CgroupId id) {
  if (!skeleton_ || !table_.contains(id)) return {};
  const std::uint64_t key = to_u64(id);
  const int error = bpf_map__delete_elem(skeleton_->maps.policies, &key, sizeof key, BPF_ANY);
  if (error != 0 && error != -ENOENT) {
    return fail(Errc::io, std::string("the policy map kept an entry: ") + std::strerror(-error));
  }
  table_.remove(id);
  publish_policies();
  return {};
}

Result<SchedulerStats> BpfScheduler::stats() {
  SchedulerStats stats;
  if (!skeleton_) {
    stats.counters = sum_counters({});
    return stats;
  }
  stats.counters = sum_counters(std::span(skeleton_->bss->counters).first(skeleton_->rodata->nr_cpu_ids));
  stats.caches = skeleton_->rodata->nr_caches;
  stats.policies = table_.size();
  stats.limits = read_limit_stats(skeleton_->bss->limits);
  return stats;
}

}  // namespace

std::unique_ptr<Scheduler> make_bpf_scheduler(const SchedulerOptions& options, const std::string& cgroup_root,
                                              const std::string& sys_root) {
  return std::make_unique<BpfScheduler>(options, cgroup_root, sys_root);
}

}  // namespace mus
