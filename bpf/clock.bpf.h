/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtual clocks: one for the shared queue, one per CPU for the tasks pinned there. A task's vtime counts on the clock
 * of the queue it belongs to and is moved over when that changes.
 *
 * Why several: tasks pinned to a CPU progress at the rate of that CPU alone. On one clock with all others they would
 * fall behind it or run ahead of it for ever, and the clamp would pull them onto one line: their weights would be gone.
 * Why they are comparable nevertheless: on a CPU that serves both, the earlier head must win. Each CPU keeps its skew
 * to the shared clock, moved for all its tasks at once, and only when they have come apart by more than the lag.
 *
 * A clock is never behind the head of its queue: the skew is measured at the clock, so a gap between the two would be
 * carried along for ever, and the queue never served.
 */
#ifndef MUS_CLOCK_BPF_H
#define MUS_CLOCK_BPF_H

#include "cpu.bpf.h"
#include "task.bpf.h"

/* Advancing the clock in steps keeps its cache line shared between CPUs at most wakeups. */
#define CLOCK_STEP_NS (MUS_NSEC_PER_MSEC / 10)

static u64 shared_clock;

static __always_inline u64* task_clock(s32 pinned_to) {
  struct cpu_ctx* cctx = pinned_to == MUS_SHARED ? NULL : lookup_cpu(pinned_to);

  return cctx ? &cctx->clock : &shared_clock;
}

static __always_inline void advance_clock(u64* clock, u64 vtime) {
  /* A lost race leaves the clock a little behind; the next task through a queue moves it again. */
  if (mus_before(*clock + CLOCK_STEP_NS, vtime)) *clock = vtime;
}

/* The task now belongs to that queue: same distance from the new clock as from the old one. */
static __always_inline void join_clock(struct task_struct* p, struct task_ctx* tctx, s32 pinned_to) {
  if (tctx->pinned_to == pinned_to) return;
  p->scx.dsq_vtime += *task_clock(pinned_to) - *task_clock(tctx->pinned_to);
  tctx->pinned_to = pinned_to;
}

/* What to add to a pinned task's vtime to compare it with the shared queue's. */
static __always_inline u64 pinned_skew(struct cpu_ctx* cctx) {
  u64 wanted = mus_clamp_vtime(cctx->clock + cctx->skew, shared_clock, MUS_LAG_NS, MUS_LAG_NS) - cctx->clock;

  if (cctx->skew != wanted) cctx->skew = wanted;
  return wanted;
}

/* vtime of p on the shared queue's scale. */
static __always_inline u64 comparable_vtime(const struct task_struct* p, const struct task_ctx* tctx) {
  struct cpu_ctx* cctx = tctx->pinned_to == MUS_SHARED ? NULL : lookup_cpu(tctx->pinned_to);

  return p->scx.dsq_vtime + (cctx ? pinned_skew(cctx) : 0);
}

static __always_inline void clamp_task(struct task_struct* p, const struct task_ctx* tctx, bool slept) {
  u64 cap = mus_forward_cap(policy_max_weight);
  u64 clock = *task_clock(tctx->pinned_to);

  p->scx.dsq_vtime = mus_clamp_vtime(p->scx.dsq_vtime, clock, slept ? MUS_LAG_NS : cap, cap);
}

/* Nobody waits for the CPU that p gets: what it runs there is nobody's loss, so it does not run ahead of the clock.
 * Otherwise a task that had a CPU to itself would, once it has to queue, drag the clock with it and past all others. */
static __always_inline void clamp_uncontended(struct task_struct* p, const struct task_ctx* tctx) {
  p->scx.dsq_vtime = mus_clamp_vtime(p->scx.dsq_vtime, *task_clock(tctx->pinned_to), MUS_LAG_NS, 0);
}

#endif
