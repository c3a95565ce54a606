/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The scheduler: one weighted-vtime queue for the machine, one per CPU for tasks that cannot leave theirs. A waking
 * task gets an idle CPU at once, or the CPU of a task that is ahead of it in service, or its place in the queue.
 * docs/scheduler.md tells why; the arithmetic is in policy.bpf.h.
 */
/* Ours are in compat.bpf.h: several variants of one name, each weak. */
#define BPF_NO_KFUNC_PROTOTYPES
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "clock.bpf.h"
#include "compat.bpf.h"
#include "cpu.bpf.h"
#include "policy.bpf.h"
#include "queue.bpf.h"
#include "task.bpf.h"

char _license[] SEC("license") = "GPL";

#define PF_KTHREAD 0x00200000 /* include/linux/sched.h */
#define MAX_RT_PRIO 100       /* include/linux/sched/prio.h */

const volatile u64 slice_ns = 3 * MUS_NSEC_PER_MSEC;

struct mus_exit_record exit_record;

static __always_inline bool is_percpu_kthread(const struct task_struct* p) {
  return (p->flags & PF_KTHREAD) && p->nr_cpus_allowed == 1;
}

SEC("struct_ops/mus_select_cpu")
s32 BPF_PROG(mus_select_cpu, struct task_struct* p, s32 prev_cpu, u64 wake_flags) {
  struct task_ctx* tctx = lookup_task(p);
  s32 cpu;

  if (!tctx) return prev_cpu;
  refresh_policy(p, tctx);
  cpu = claim_idle_cpu(p, prev_cpu);
  tctx->none_idle = cpu < 0;
  if (cpu < 0) return prev_cpu;
  join_clock(p, tctx, MUS_SHARED);
  clamp_uncontended(p, tctx);
  tctx->queued = false;
  tctx->stealable = false;
  mus_insert(p, SCX_DSQ_LOCAL, slice_ns, 0);
  count(MUS_DIRECT_DISPATCHES);
  return cpu;
}

static __always_inline void enqueue_pinned(struct task_struct* p, struct task_ctx* tctx, s32 cpu, u64 enq_flags) {
  tctx->queued = true;
  tctx->stealable = false;
  mus_insert_vtime(p, PINNED_DSQ + cpu, slice_ns, p->scx.dsq_vtime, enq_flags);
  count(MUS_PINNED_ENQUEUES);
  if (scx_bpf_test_and_clear_cpu_idle(cpu)) scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
}

static __always_inline void enqueue_shared(struct task_struct* p, struct task_ctx* tctx, u64 enq_flags) {
  s32 idle;

  tctx->queued = true;
  tctx->stealable = true;
  mus_insert_vtime(p, SHARED_DSQ, slice_ns, p->scx.dsq_vtime, enq_flags);
  count(MUS_SHARED_ENQUEUES);
  /* A CPU that went idle after select_cpu looked would not look into the queue by itself. */
  idle = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);
  if (idle >= 0) scx_bpf_kick_cpu(idle, SCX_KICK_IDLE);
}

/* An idle CPU after all: select_cpu was skipped, or a higher class has just taken p's CPU. Straight there and not by
 * way of the shared queue, from which the old CPU would take p back before the idle one is up, to lose it again. */
static __always_inline bool go_idle(struct task_struct* p, struct task_ctx* tctx, s32 cpu, u64 enq_flags) {
  s32 idle = claim_idle_cpu(p, cpu);

  if (idle < 0) return false;
  tctx->queued = false;
  tctx->stealable = false;
  mus_insert(p, SCX_DSQ_LOCAL_ON | idle, slice_ns, enq_flags);
  count(MUS_DIRECT_DISPATCHES);
  return true;
}

/* Straight onto a CPU's own queue, in front of what runs there. At most one such task waits there at a time. */
static __always_inline bool preempt(struct task_struct* p, struct task_ctx* tctx, s32 cpu, u64 enq_flags) {
  s32 victim;

  if (!preempt_on_wakeup) return false;
  victim = claim_victim_cpu(p, cpu, comparable_vtime(p, tctx), boosted(tctx), bpf_ktime_get_ns());
  if (victim < 0) return false;
  tctx->queued = false;
  tctx->stealable = false;
  mus_insert(p, SCX_DSQ_LOCAL_ON | victim, slice_ns, enq_flags | SCX_ENQ_PREEMPT);
  count(MUS_PREEMPTIONS);
  return true;
}

SEC("struct_ops/mus_enqueue")
void BPF_PROG(mus_enqueue, struct task_struct* p, u64 enq_flags) {
  bool waking = enq_flags & (SCX_ENQ_WAKEUP | SCX_ENQ_REENQ);
  struct task_ctx* tctx = lookup_task(p);
  s32 cpu = scx_bpf_task_cpu(p);
  bool pinned = p->nr_cpus_allowed == 1 || mus_migration_disabled(p);

  if (!tctx) { /* cannot be: made in init_task */
    mus_insert(p, SCX_DSQ_LOCAL, slice_ns, enq_flags);
    return;
  }
  refresh_policy(p, tctx);
  join_clock(p, tctx, pinned ? cpu : MUS_SHARED);
  clamp_task(p, tctx, enq_flags & SCX_ENQ_WAKEUP);
  if (enq_flags & SCX_ENQ_REENQ) count(MUS_REENQUEUES);

  /* The core found nothing else for this CPU: let it go on. */
  if (enq_flags & SCX_ENQ_LAST) {
    tctx->queued = false;
    mus_insert(p, SCX_DSQ_LOCAL, slice_ns, enq_flags);
    return;
  }
  /* Kernel threads of a CPU serve everybody on it and run briefly: first when they wake, in turn when they run on. */
  if (is_percpu_kthread(p) && (enq_flags & SCX_ENQ_WAKEUP) &&
      !mus_before(*task_clock(tctx->pinned_to), p->scx.dsq_vtime)) {
    tctx->queued = false;
    mus_insert(p, SCX_DSQ_LOCAL, slice_ns, enq_flags | SCX_ENQ_PREEMPT);
    return;
  }
  if (waking && !pinned && !tctx->none_idle && go_idle(p, tctx, cpu, enq_flags)) return;
  tctx->none_idle = false;
  if (waking && preempt(p, tctx, cpu, enq_flags)) return;
  if (pinned)
    enqueue_pinned(p, tctx, cpu, enq_flags);
  else
    enqueue_shared(p, tctx, enq_flags);
}

/* One more slice for the task that runs. */
static __always_inline void keep(struct task_struct* p, const struct task_ctx* tctx, s32 cpu) {
  struct cpu_ctx* cctx = lookup_cpu(cpu);

  p->scx.slice = slice_ns;
  if (cctx) note_running(cctx, comparable_vtime(p, tctx), task_weight(p, tctx), bpf_ktime_get_ns());
  count(MUS_KEPT);
}

SEC("struct_ops/mus_dispatch")
void BPF_PROG(mus_dispatch, s32 cpu, struct task_struct* prev) {
  bool prev_runnable = prev && (prev->scx.flags & SCX_TASK_QUEUED);
  struct task_ctx* tctx = prev_runnable ? lookup_task(prev) : NULL;
  struct cpu_ctx* cctx = lookup_cpu(cpu);
  struct queue_head pinned, shared;
  struct turn turn;

  if (!cctx) return;
  pinned = peek(PINNED_DSQ + cpu, cpu, &cctx->clock);
  shared = peek(SHARED_DSQ, cpu, &shared_clock);
  if (pinned.found) pinned.vtime += pinned_skew(cctx);
  turn = choose_queue(cctx, pinned, shared, bpf_ktime_get_ns());
  if (prev_runnable && tctx) {
    u64 first = turn.pinned ? pinned.vtime : shared.vtime;

    refresh_policy(prev, tctx);
    charge(prev, tctx);
    /* Alternating with whoever is next in the queue would halve every weight: go on while nobody is further behind. */
    if ((pinned.found || shared.found) && !turn.forced && !mus_before(first, comparable_vtime(prev, tctx))) {
      advance_clock(task_clock(tctx->pinned_to), prev->scx.dsq_vtime);
      keep(prev, tctx, cpu);
      return;
    }
  }
  if (turn.pinned) {
    if (mus_move_to_local(PINNED_DSQ + cpu) || mus_move_to_local(SHARED_DSQ)) return;
  } else {
    if (mus_move_to_local(SHARED_DSQ) || mus_move_to_local(PINNED_DSQ + cpu)) return;
  }
  if (prev_runnable && tctx) {
    clamp_uncontended(prev, tctx);
    keep(prev, tctx, cpu);
  }
}

SEC("struct_ops/mus_runnable")
void BPF_PROG(mus_runnable, struct task_struct* p, u64 enq_flags) {
  struct task_ctx* tctx = lookup_task(p);

  if (!tctx) return;
  tctx->runnable_at = bpf_ktime_get_ns();
  if (enq_flags & SCX_ENQ_WAKEUP) count(MUS_WAKEUPS);
}

SEC("struct_ops/mus_running")
void BPF_PROG(mus_running, struct task_struct* p) {
  struct task_ctx* tctx = lookup_task(p);
  s32 cpu = scx_bpf_task_cpu(p);
  struct cpu_ctx* cctx = lookup_cpu(cpu);
  u64 now = bpf_ktime_get_ns();

  if (!tctx || !cctx) return;
  account_wait(tctx, now);
  if (tctx->queued) advance_clock(task_clock(tctx->pinned_to), p->scx.dsq_vtime);
  if (tctx->stealable && tctx->last_cpu != cpu) count(MUS_STEALS);
  tctx->stealable = false;
  tctx->last_cpu = cpu;
  tctx->charged_until = p->se.sum_exec_runtime;
  cctx->preempting_at = 0;
  note_running(cctx, comparable_vtime(p, tctx), task_weight(p, tctx), now);
}

SEC("struct_ops/mus_stopping")
void BPF_PROG(mus_stopping, struct task_struct* p, bool runnable) {
  struct cpu_ctx* cctx = lookup_cpu(scx_bpf_task_cpu(p));
  struct task_ctx* tctx = lookup_task(p);

  if (cctx) cctx->running = 0;
  if (!tctx) return;
  charge(p, tctx);
  if (runnable) tctx->runnable_at = bpf_ktime_get_ns();
}

SEC("struct_ops/mus_quiescent")
void BPF_PROG(mus_quiescent, struct task_struct* p, u64 deq_flags) {
  struct task_ctx* tctx = lookup_task(p);

  if (tctx) tctx->runnable_at = 0;
}

/* Up to 6.18; the daemon clears this member where the program below serves. */
SEC("struct_ops/mus_cpu_release")
void BPF_PROG(mus_cpu_release, s32 cpu, struct scx_cpu_release_args* args) {
  if (bpf_ksym_exists(scx_bpf_reenqueue_local___k612)) scx_bpf_reenqueue_local___k612();
}

/* From 6.19: a higher class takes the CPU, so what waits on its own queue goes where others can take it. */
SEC("?tp_btf/sched_switch")
int BPF_PROG(mus_sched_switch, bool preempted, struct task_struct* prev, struct task_struct* next, u32 prev_state) {
  if (next->prio < MAX_RT_PRIO && prev->prio >= MAX_RT_PRIO && bpf_ksym_exists(scx_bpf_reenqueue_local___v2___k619))
    scx_bpf_reenqueue_local___v2___k619();
  return 0;
}

SEC("struct_ops.s/mus_init_task")
s32 BPF_PROG(mus_init_task, struct task_struct* p, struct scx_init_task_args* args) {
  struct task_ctx* tctx = bpf_task_storage_get(&task_ctxs, p, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

  if (!tctx) return -12; /* ENOMEM */
  tctx->policy_weight = MUS_WEIGHT_ONE;
  tctx->slot = MUS_NO_SLOT;
  tctx->last_cpu = -1;
  tctx->pinned_to = MUS_SHARED;
  return 0;
}

SEC("struct_ops/mus_enable")
void BPF_PROG(mus_enable, struct task_struct* p) {
  struct task_ctx* tctx = lookup_task(p);

  p->scx.dsq_vtime = shared_clock;
  if (!tctx) return;
  tctx->pinned_to = MUS_SHARED;
  tctx->charged_until = p->se.sum_exec_runtime;
}

/* Present and empty: without them the kernel ejects the scheduler at each hotplug. Queues exist for every CPU id. */
SEC("struct_ops/mus_cpu_online")
void BPF_PROG(mus_cpu_online, s32 cpu) {}

SEC("struct_ops/mus_cpu_offline")
void BPF_PROG(mus_cpu_offline, s32 cpu) {}

SEC("struct_ops.s/mus_init")
s32 BPF_PROG(mus_init) {
  s32 err = scx_bpf_create_dsq(SHARED_DSQ, -1);
  u32 cpu;

  if (err) return err;
  bpf_for(cpu, 0, nr_cpu_ids) {
    err = scx_bpf_create_dsq(PINNED_DSQ + cpu, -1);
    if (err) return err;
  }
  return 0;
}

SEC("struct_ops/mus_exit")
void BPF_PROG(mus_exit, struct scx_exit_info* info) {
  bpf_probe_read_kernel_str(exit_record.reason, sizeof(exit_record.reason), info->reason);
  bpf_probe_read_kernel_str(exit_record.message, sizeof(exit_record.message), info->msg);
  exit_record.code = info->exit_code;
  /* Last, so that a reader that sees it sees the rest. */
  __sync_lock_test_and_set(&exit_record.kind, info->kind);
}

SEC(".struct_ops.link")
struct sched_ext_ops mus_ops = {
    .select_cpu = (void*)mus_select_cpu,
    .enqueue = (void*)mus_enqueue,
    .dispatch = (void*)mus_dispatch,
    .runnable = (void*)mus_runnable,
    .running = (void*)mus_running,
    .stopping = (void*)mus_stopping,
    .quiescent = (void*)mus_quiescent,
    .cpu_release = (void*)mus_cpu_release,
    .init_task = (void*)mus_init_task,
    .enable = (void*)mus_enable,
    .cpu_online = (void*)mus_cpu_online,
    .cpu_offline = (void*)mus_cpu_offline,
    .init = (void*)mus_init,
    .exit = (void*)mus_exit,
    .name = "mus",
};
