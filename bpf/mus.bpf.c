/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The scheduler: weighted-vtime queues, one for each last-level cache (and for sets of CPUs within it), one for each
 * CPU. A waking task gets an idle CPU at once, or the CPU of a task that is ahead of it in service, or its place in a
 * queue. docs/scheduler.md tells why; the arithmetic is in policy.bpf.h.
 */
/* Ours are in compat.bpf.h: several variants of one name, each weak. */
#define BPF_NO_KFUNC_PROTOTYPES
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "compat.bpf.h"
#include "idle.bpf.h"
#include "life.bpf.h"
#include "park.bpf.h"
#include "policy.bpf.h"
#include "service.bpf.h"
#include "task.bpf.h"
#include "turn.bpf.h"
#include "wake.bpf.h"
#include "walk.bpf.h"

char _license[] SEC("license") = "GPL";

#define MAX_RT_PRIO 100 /* include/linux/sched/prio.h */

SEC("struct_ops/mus_select_cpu")
s32 BPF_PROG(mus_select_cpu, struct task_struct* p, s32 prev_cpu, u64 wake_flags) {
  struct task_ctx* tctx = lookup_task(p);
  s32 cpu;

  if (!tctx) return prev_cpu;
  if (tctx->limit && must_wait(p, tctx, bpf_ktime_get_ns())) return prev_cpu;
  cpu = claim_idle_cpu(p, prev_cpu);
  tctx->none_idle = cpu < 0;
  if (cpu < 0) return prev_cpu;
  begin_wait(tctx, bpf_ktime_get_ns());
  tctx->ran_at_wakeup = p->se.sum_exec_runtime;
  refresh_policy(p, tctx);
  join_queue(p, tctx, home_queue(p, tctx, cpu));
  forgive(p, tctx);
  tctx->queued = false;
  mus_insert(p, SCX_DSQ_LOCAL, slice_ns, 0);
  count(MUS_WAKEUPS);
  count(MUS_DIRECT_DISPATCHES);
  return cpu;
}

/* What holds for the task by now. Before it is charged: who starts a process in a cgroup forks it outside and moves it;
 * charged to where it was, each would have a turn in its cgroup for nothing. */
static __always_inline void renew(struct task_struct* p, struct task_ctx* tctx, s32 cpu, u64 now) {
  refresh_policy(p, tctx);
  count_runnable(p, tctx, cpu);
  refresh_rate(p, tctx, now);
}

SEC("struct_ops/mus_enqueue")
void BPF_PROG(mus_enqueue, struct task_struct* p, u64 enq_flags) {
  bool waking = enq_flags & (SCX_ENQ_WAKEUP | SCX_ENQ_REENQ);
  struct task_ctx* tctx = lookup_task(p);
  s32 cpu = cpu_of_task(p);
  u64 now = bpf_ktime_get_ns();
  bool stays;

  if (!tctx) { /* cannot be: made in init_task */
    mus_insert(p, SCX_DSQ_LOCAL, slice_ns, enq_flags);
    return;
  }
  tctx->has_run = tctx->in_turn; /* see mus_stopping */
  stays = has_run(tctx) && stays_placed(p, tctx);
  if (!stays) renew(p, tctx, cpu, now);
  if (has_run(tctx)) end_turn(p, tctx);
  if (enq_flags & SCX_ENQ_WAKEUP) {
    count(MUS_WAKEUPS);
    tctx->ran_at_wakeup = p->se.sum_exec_runtime;
  }
  begin_wait(tctx, now);
  join_queue(p, tctx, home_queue(p, tctx, cpu));
  if (stays && !tctx->joined)
    bound_ahead(p, tctx);
  else
    place(p, tctx, enq_flags & SCX_ENQ_WAKEUP);
  if (enq_flags & SCX_ENQ_REENQ) count(MUS_REENQUEUES);
  if (tctx->limit && park(p, tctx, enq_flags, now)) return;

  /* The core found nothing else for this CPU: let it go on. */
  if (enq_flags & SCX_ENQ_LAST) {
    tctx->queued = false;
    mus_insert(p, SCX_DSQ_LOCAL, slice_ns, enq_flags);
    return;
  }
  tctx->contended = true;
  /* Kernel threads of a CPU serve everybody on it and run briefly: first when they wake, in turn when they run on. */
  if (is_percpu_kthread(p) && (enq_flags & SCX_ENQ_WAKEUP) && !mus_before(clock_of(tctx->queue), p->scx.dsq_vtime)) {
    tctx->queued = false;
    mus_insert(p, SCX_DSQ_LOCAL, slice_ns, enq_flags | SCX_ENQ_PREEMPT);
    return;
  }
  if (waking && !is_pinned_queue(tctx->queue) && !tctx->none_idle && go_idle(p, tctx, cpu, enq_flags)) return;
  tctx->none_idle = false;
  if (waking && preempt(p, tctx, cpu, enq_flags, now)) return;
  if (waking || just_woken(p, tctx)) pass_idle_groups(p, tctx, cpu, now);
  enqueue_vtime(p, tctx, cpu, enq_flags);
}

/* One more slice for the task that runs. */
static __always_inline void keep(struct task_struct* p, struct task_ctx* tctx, struct cpu_ctx* cctx, s32 cpu, u64 now) {
  p->scx.slice = slice_ns;
  note_task(p, tctx, cctx, cpu, now);
  count(MUS_KEPT);
}

SEC("struct_ops/mus_dispatch")
void BPF_PROG(mus_dispatch, s32 cpu, struct task_struct* prev) {
  bool prev_runnable = prev && (prev->scx.flags & SCX_TASK_QUEUED);
  struct task_ctx* tctx = prev_runnable ? lookup_task(prev) : NULL;
  struct cpu_ctx* cctx = lookup_cpu(cpu);
  u64 now = bpf_ktime_get_ns();

  /* With its cgroup's time used up it is not one to keep; ops.enqueue parks it. */
  if (tctx && tctx->limit) {
    charge(prev, tctx);
    if (tctx->free_turn || must_wait(prev, tctx, now)) tctx = NULL;
  }
  if (!cctx || relieve(cctx, cpu, now) || balance(cpu, now)) return;
  choose_turn(cpu, now, tctx != NULL);
  if (tctx && cctx->next.found) {
    renew(prev, tctx, cpu, now);
    charge(prev, tctx);
    /* Somebody waits: from here on its flow pays, too, and it may not be further from its flow than a turn. */
    tctx->contended = true;
    place(prev, tctx, false);
    /* Alternating with whoever is next in the queue would halve every weight: go on while nobody is further behind. */
    if (!cctx->next.forced && !mus_before(cctx->next.vtime, comparable_vtime(prev, tctx, cpu))) {
      advance_clock(tctx->queue, prev->scx.dsq_vtime, now);
      keep(prev, tctx, cctx, cpu, now);
      return;
    }
  }
  if (serve_any(cctx, cpu)) return;
  if (!tctx) {
    serve_other_cache(cpu);
    return;
  }
  renew(prev, tctx, cpu, now);
  charge(prev, tctx);
  forgive(prev, tctx);
  keep(prev, tctx, cctx, cpu, now);
}

SEC("struct_ops/mus_running")
void BPF_PROG(mus_running, struct task_struct* p) {
  struct task_ctx* tctx = lookup_task(p);
  s32 cpu = cpu_of_task(p);
  struct cpu_ctx* cctx = lookup_cpu(cpu);
  u64 now = bpf_ktime_get_ns();

  if (!tctx || !cctx) return;
  /* The kernel put it back without asking us, see in_turn: what it ran is charged with this turn. */
  if (tctx->in_turn && tctx->free_turn) end_free_turn(p, tctx);
  tctx->in_turn = true;
  /* It queued at a rate that may have changed since; this turn is charged at what holds now. */
  if (tctx->runnable_at && now - tctx->runnable_at > LOAD_SAMPLE_NS) {
    refresh_policy(p, tctx);
    refresh_rate(p, tctx, now);
  }
  account_wait(tctx, now);
  count_runnable(p, tctx, cpu);
  if (tctx->queued) {
    advance_clock(tctx->queue, p->scx.dsq_vtime, now);
    if (!is_pinned_queue(tctx->queue) && tctx->last_cpu != cpu) count(MUS_STEALS);
    tctx->queued = false;
  }
  if (nr_caches > 1) join_queue(p, tctx, home_queue(p, tctx, cpu));
  tctx->last_cpu = cpu;
  /* What it ran since ops.stopping, on its way to sleep through the kernel's switch, is charged with this turn. */
  tctx->turn_began = p->se.sum_exec_runtime;
  cctx->preempting_at = 0;
  note_task(p, tctx, cctx, cpu, now);
  /* It ran out while this one was queued, or all that this one is to do is to have run. */
  if (tctx->limit && (tctx->free_turn == MUS_FORCED_TURN || must_wait(p, tctx, now)))
    scx_bpf_kick_cpu(cpu, SCX_KICK_PREEMPT);
}

SEC("struct_ops/mus_tick")
void BPF_PROG(mus_tick, struct task_struct* p) {
  struct task_ctx* tctx = lookup_task(p);
  u64 now;

  if (!tctx || tctx->flow == NO_FLOW) return;
  now = bpf_ktime_get_ns();
  look_at_path(p, tctx, now);
  if (!tctx->limit) return;
  charge(p, tctx);
  if (tctx->free_turn ? !reads_rcu(p) : must_wait(p, tctx, now)) p->scx.slice = 0;
}

SEC("struct_ops/mus_stopping")
void BPF_PROG(mus_stopping, struct task_struct* p, bool runnable) {
  struct cpu_ctx* cctx = lookup_cpu(cpu_of_task(p));
  struct task_ctx* tctx;

  if (cctx) {
    cctx->running = 0;
    if (!runnable) cctx->holds = 0;
  }
  /* With its slice used up it comes to ops.enqueue next, which ends its turn: to look a task up is a good part of what
   * a switch costs. */
  if (runnable && !p->scx.slice) return;
  tctx = lookup_task(p);
  if (!tctx) return;
  end_turn(p, tctx);
  if (!runnable)
    end_wait(tctx);
  else /* a higher class has taken the CPU */
    begin_wait(tctx, bpf_ktime_get_ns());
}

SEC("struct_ops/mus_set_cpumask")
void BPF_PROG(mus_set_cpumask, struct task_struct* p, const struct cpumask* mask) {
  struct task_ctx* tctx = lookup_task(p);

  if (tctx) tctx->class_cache = MUS_NO_CACHE;
}

/* Up to 6.18; the daemon clears this member where the program below serves. */
SEC("struct_ops/mus_cpu_release")
void BPF_PROG(mus_cpu_release, s32 cpu, struct scx_cpu_release_args* args) {
  struct cpu_ctx* cctx = lookup_cpu(cpu);

  if (!cctx || !bpf_ksym_exists(scx_bpf_reenqueue_local___k612)) return;
  cctx->releasing = 1;
  scx_bpf_reenqueue_local___k612();
  cctx->releasing = 0;
}

/* How a task that was just parked had stopped. From 6.19 besides: a higher class takes the CPU, so what waits on its
 * own queue goes where others can take it. */
SEC("tp_btf/sched_switch")
int BPF_PROG(mus_sched_switch, bool preempted, struct task_struct* prev, struct task_struct* next, u32 prev_state) {
  note_inside(prev, preempted || prev_state);
  if (next->prio < MAX_RT_PRIO && prev->prio >= MAX_RT_PRIO && bpf_ksym_exists(scx_bpf_reenqueue_local___v2___k619))
    scx_bpf_reenqueue_local___v2___k619();
  return 0;
}

SEC("struct_ops.s/mus_init_task")
s32 BPF_PROG(mus_init_task, struct task_struct* p, struct scx_init_task_args* args) {
  struct task_ctx* tctx = bpf_task_storage_get(&task_ctxs, p, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

  if (!tctx) return -12; /* ENOMEM */
  tctx->share = MUS_SHARE_ONE;
  tctx->rate = MUS_RATE_ONE;
  tctx->last_cpu = -1;
  tctx->counted_cpu = -1;
  tctx->class_cache = MUS_NO_CACHE;
  return 0;
}

SEC("struct_ops/mus_enable")
void BPF_PROG(mus_enable, struct task_struct* p) {
  struct task_ctx* tctx = lookup_task(p);

  if (!tctx) return;
  p->scx.dsq_vtime = clock_of(tctx->queue);
  tctx->charged_until = p->se.sum_exec_runtime;
}

/* To another class, maybe from a queue. Tasks go to sleep only from running: ops.stopping sees that, so there is no
 * ops.quiescent. */
SEC("struct_ops/mus_disable")
void BPF_PROG(mus_disable, struct task_struct* p) {
  struct task_ctx* tctx = lookup_task(p);

  if (tctx) end_wait(tctx);
}

/* From here on nobody is in the cgroup, and nobody will be. */
SEC("tp_btf/cgroup_release")
int BPF_PROG(mus_cgroup_release, struct cgroup* cgrp, const char* path) {
  drop_flow(cgrp->kn->id);
  drop_limit(cgrp->kn->id);
  return 0;
}

SEC(".struct_ops.link")
struct sched_ext_ops mus_ops = {
    .select_cpu = (void*)mus_select_cpu,
    .enqueue = (void*)mus_enqueue,
    .dispatch = (void*)mus_dispatch,
    .running = (void*)mus_running,
    .tick = (void*)mus_tick,
    .stopping = (void*)mus_stopping,
    .set_cpumask = (void*)mus_set_cpumask,
    .cpu_release = (void*)mus_cpu_release,
    .init_task = (void*)mus_init_task,
    .enable = (void*)mus_enable,
    .disable = (void*)mus_disable,
    .cpu_online = (void*)mus_cpu_online,
    .cpu_offline = (void*)mus_cpu_offline,
    .init = (void*)mus_init,
    .exit = (void*)mus_exit,
    .name = "mus",
};
