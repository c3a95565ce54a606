/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a task goes that was not given an idle CPU as it woke: to one after all, to another's, or into its queue. */
#ifndef MUS_WAKE_BPF_H
#define MUS_WAKE_BPF_H

#include "contention.bpf.h"
#include "idle.bpf.h"
#include "preempt.bpf.h"
#include "service.bpf.h"

static __always_inline bool is_percpu_kthread(const struct task_struct* p) {
  return (p->flags & PF_KTHREAD) && p->nr_cpus_allowed == 1;
}

/* Into the queue that p has joined. */
static __always_inline void enqueue_vtime(struct task_struct* p, struct task_ctx* tctx, s32 cpu, u64 enq_flags) {
  bool pinned = is_pinned_queue(tctx->queue);
  struct cpu_ctx* cctx = lookup_cpu(cpu);
  s32 idle;

  if (pinned && cctx) cctx->pinned = 1;
  tctx->queued = true;
  mus_insert_vtime(p, dsq_of(tctx->queue), slice_ns, p->scx.dsq_vtime, enq_flags);
  count(pinned ? MUS_PINNED_ENQUEUES : MUS_SHARED_ENQUEUES);
  /* A CPU that went idle after select_cpu looked would not look into the queue by itself. */
  if (!idle_selection || (pinned && has_run(tctx)))
    idle = -1; /* the CPU that it ran on is not idle */
  else if (pinned)
    idle = scx_bpf_test_and_clear_cpu_idle(cpu) ? cpu : -1;
  else
    idle = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);
  if (idle >= 0)
    scx_bpf_kick_cpu(idle, SCX_KICK_IDLE);
  else
    note_contention(tctx);
}

/* An idle CPU after all: select_cpu was skipped, or a higher class has just taken p's CPU. Straight there and not by
 * way of the queue, from which the old CPU would take p back before the idle one is up, to lose it again. */
static __always_inline bool go_idle(struct task_struct* p, struct task_ctx* tctx, s32 cpu, u64 enq_flags) {
  s32 idle = claim_idle_cpu(p, cpu);

  if (idle < 0) return false;
  tctx->queued = false;
  tctx->contended = false;
  mus_insert(p, SCX_DSQ_LOCAL_ON | idle, slice_ns, enq_flags);
  count(MUS_DIRECT_DISPATCHES);
  return true;
}

/* Seen on 6.12.95 to 6.18.15, and no more on 7.2: a task that goes to another CPU's own queue loses SCX_ENQ_PREEMPT on
 * the way, since enqueue_task_scx() keeps its flags in an int, and would wait there until the slice of what runs ends.
 * The mending is marked for stable releases, too, so no version number tells. */
const volatile bool preempt_flag_is_lost = true;

/* Straight onto a CPU's own queue, in front of what runs there. At most one such task waits there at a time. */
static __always_inline bool preempt(struct task_struct* p, struct task_ctx* tctx, s32 cpu, u64 enq_flags, u64 now) {
  s32 victim;

  if (!preempt_on_wakeup) return false;
  victim = claim_victim_cpu(p, tctx, cpu, comparable_vtime(p, tctx, cpu), now);
  if (victim < 0) return false;
  tctx->queued = false;
  mus_insert(p, SCX_DSQ_LOCAL_ON | victim, slice_ns, enq_flags | SCX_ENQ_PREEMPT);
  count(MUS_PREEMPTIONS);
  note_contention(tctx);
  /* Comes after p there: the kick is an irq work. So is the move where this is no wakeup, and of these the one that was
   * queued last runs first. */
  if (preempt_flag_is_lost && victim != cpu) scx_bpf_kick_cpu(victim, SCX_KICK_PREEMPT);
  return true;
}

#endif
