/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tasks whose cgroup has used up its cpu.max are parked: each limit has a queue of the kernel's for them, first come
 * first served, from which the kernel itself takes them when they change CPUs, class or cgroup. A timer for each limit
 * lets them go as its budget comes. It also looks for those that must not wait so long:
 *
 * - killed ones;
 * - those that were stopped inside the kernel, where they may hold what others need: such a one gets a turn without a
 *   budget after MUS_PARKED_INSIDE_NS. All of them together get at most a quota in each period, which is charged;
 * - those that have waited for so long that the kernel's watchdog would eject us: they get a turn that ends as soon as
 *   it has begun.
 */
#ifndef MUS_PARK_BPF_H
#define MUS_PARK_BPF_H

#include "limit.bpf.h"
#include "service.bpf.h"

#define FIRST_PARKED_DSQ 0x20000ULL /* + the limit's place */

/* How many parked tasks a timer looks at, and how often at least; and when it has budget and tasks left. */
#define PARKED_SCAN 256
#define PARKED_LOOK_NS (20 * MUS_NSEC_PER_MSEC)
#define PARKED_AGAIN_NS MUS_NSEC_PER_MSEC

/* It goes on for so long after the last was parked: one that is on its way into the queue is not there yet. */
#define PARKED_LINGER_NS (1000 * MUS_NSEC_PER_MSEC)

#define PF_EXITING 0x00000004 /* include/linux/sched.h */
#define PF_KTHREAD 0x00200000
#define SIGNAL_GROUP_EXIT 0x00000004 /* include/linux/sched/signal.h */
#define SIGKILL_BIT (1UL << 8)

#define CLOCK_MONOTONIC 1

struct limit_timer {
  struct bpf_timer timer;
  u32 scanned; /* of its tasks this time; here, since on its stack the verifier would follow every value of it ... */
  u32 left;    /* ... and how many of them may still be let go */
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, MUS_MAX_LIMITS);
  __type(key, u32);
  __type(value, struct limit_timer);
} limit_timers SEC(".maps");

static __always_inline u64 parked_dsq(u32 limit) {
  return FIRST_PARKED_DSQ + limit;
}

/* On its way out of the machine: it must not be kept from leaving. */
static __always_inline bool dying(const struct task_struct* p) {
  return p->flags & PF_EXITING || BPF_CORE_READ(p, signal, flags) & SIGNAL_GROUP_EXIT ||
         p->pending.signal.sig[0] & SIGKILL_BIT;
}

/* Readers of RCU keep the whole machine waiting. (Without PREEMPT_RCU they are never preempted.) A BPF program's
 * prologue makes `current` one, too: see mus_migration_disabled(). */
static __always_inline bool reads_rcu(const struct task_struct* p) {
  struct cpu_ctx* here = lookup_cpu(bpf_get_smp_processor_id());
  int own = here && here->releasing ? 2 : 1;

  if (!bpf_core_field_exists(p->rcu_read_lock_nesting)) return false;
  return p->rcu_read_lock_nesting > ((u64)p == bpf_get_current_task() ? own : 0);
}

/* Whatever is left of a budget. */
static __always_inline bool never_waits(const struct task_struct* p) {
  return p->flags & PF_KTHREAD || reads_rcu(p) || dying(p);
}

/* The limit that p has to wait for; NO_LIMIT: it may run. */
static __always_inline u32 must_wait(const struct task_struct* p, const struct task_ctx* tctx, u64 now) {
  if (tctx->limit == NO_LIMIT || tctx->free_turn || never_waits(p)) return NO_LIMIT;
  return exhausted(tctx->limit, tctx->lifted_from, now);
}

/* False: there is no timer, so nobody may be parked. */
static __always_inline bool arm(u32 index, u64 after_ns) {
  struct mus_limit* limit = lookup_limit(index);
  struct limit_timer* timer;

  if (!limit) return false;
  if (limit->armed || __sync_val_compare_and_swap(&limit->armed, 0, 1)) return true;
  timer = bpf_map_lookup_elem(&limit_timers, &index);
  if (timer && !bpf_timer_start(&timer->timer, after_ns, 0)) return true;
  limit->armed = 0;
  return false;
}

/* Until the limit's timer has something to do. */
static __always_inline u64 until_refill(const struct mus_limit* limit, u64 now) {
  u64 end = limit->began + limit->period_ns, most = now + PARKED_LOOK_NS;

  if (mus_before(most, end)) end = most;
  return mus_before(now + PARKED_AGAIN_NS, end) ? end - now : PARKED_AGAIN_NS;
}

/* p comes to a queue: to that of the limit that it has to wait for, if there is one. */
static __always_inline bool park(struct task_struct* p, struct task_ctx* tctx, u64 enq_flags, u64 now) {
  struct cpu_ctx* here = lookup_cpu(bpf_get_smp_processor_id());
  u32 index = must_wait(p, tctx, now);
  struct mus_limit* limit = lookup_limit(index);

  if (!limit || !arm(index, until_refill(limit, now))) return false;
  limit->parked_at = now;
  if (!limit->throttled_at) limit->throttled_at = now;
  tctx->parked_at = now;
  /* One that wakes slept inside the kernel. Of one that was preempted mus_sched_switch is about to tell. */
  tctx->inside = enq_flags & SCX_ENQ_WAKEUP;
  if (has_run(tctx) && here) here->parked = 1;
  tctx->unserved_at = tctx->runnable_at = 0; /* what it waits for is not a CPU */
  tctx->queued = false;
  mus_insert(p, parked_dsq(index), slice_ns, enq_flags);
  count(MUS_PARKS);
  return true;
}

/* Into the queue from which it will get a CPU. What it missed meanwhile it is not owed. */
static __always_inline bool let_go(struct bpf_iter_scx_dsq* it, struct task_struct* p, struct task_ctx* tctx, u64 now) {
  struct cpu_ctx* cctx;
  s32 idle;

  place(p, tctx, true);
  begin_wait(tctx, now);
  tctx->queued = true;
  if (!mus_dsq_move_vtime(it, p, dsq_of(tctx->queue))) return false;
  if (is_pinned_queue(tctx->queue)) {
    s32 cpu = tctx->queue - PINNED_QUEUES;

    /* Afterwards: whoever finds that queue empty takes the mark away. */
    cctx = lookup_cpu(cpu);
    if (cctx) cctx->pinned = 1;
    idle = scx_bpf_test_and_clear_cpu_idle(cpu) ? cpu : -1;
  } else {
    idle = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);
  }
  if (idle >= 0) scx_bpf_kick_cpu(idle, SCX_KICK_IDLE);
  return true;
}

/* How many tasks the budget lasts for. To let go of more would only make them come back. */
static __always_inline u32 affordable(const struct mus_limit* limit) {
  s64 budget = limit->budget_ns;

  if (!limit->quota_ns) return PARKED_SCAN;
  return budget > 0 ? 1 + budget / MUS_LEAST_TURN_NS : 0;
}

/* Which turn a parked task gets although it has no budget. */
static __always_inline u8 free_turn(const struct mus_limit* limit, const struct task_ctx* tctx, u64 now) {
  u64 waited = now - tctx->parked_at;

  if (waited > MUS_MAX_PARKED_NS) return MUS_FORCED_TURN;
  if (tctx->inside && waited > MUS_PARKED_INSIDE_NS && limit->pardons_ns > 0) return MUS_PARDONED_TURN;
  return MUS_NO_FREE_TURN;
}

enum next_step {
  MUS_STAYS,
  MUS_GOES,      /* within the budget */
  MUS_GOES_FREE, /* without, see tctx->free_turn */
  MUS_MOVES,     /* to wait for tctx->waits_for */
};

/* What becomes of a parked task. Not static: see sample_load(). */
u32 next_step(struct task_ctx* tctx, u32 index, u32 leaves, u64 now) {
  struct limit_timer* timer = bpf_map_lookup_elem(&limit_timers, &index);
  struct mus_limit* limit = lookup_limit(index);
  struct flow* flow;

  if (!timer || !limit || !tctx) return MUS_STAYS;
  flow = lookup_flow(tctx->flow);
  if (flow) {
    tctx->limit = flow->limit;
    tctx->lifted_from = flow->lifted_from;
  }
  if (leaves) return MUS_GOES;
  tctx->waits_for = exhausted(tctx->limit, tctx->lifted_from, now);
  if (tctx->waits_for == NO_LIMIT) {
    if (!binds(limit, tctx->lifted_from)) return MUS_GOES;
    if (!timer->left) return MUS_STAYS;
    timer->left--;
    return MUS_GOES;
  }
  tctx->free_turn = free_turn(limit, tctx, now);
  if (tctx->free_turn == MUS_FORCED_TURN) __sync_fetch_and_add(&limit->forced, 1);
  if (tctx->free_turn == MUS_PARDONED_TURN) __sync_fetch_and_add(&limit->pardons, 1);
  if (tctx->free_turn) return MUS_GOES_FREE;
  return tctx->waits_for == index ? MUS_STAYS : MUS_MOVES;
}

/* The turn is over. What a pardon took is charged like anything else, but there is only so much of that, too. */
static __always_inline void end_free_turn(const struct task_struct* p, struct task_ctx* tctx) {
  struct mus_limit* limit = lookup_limit(tctx->limit);

  if (limit && tctx->free_turn == MUS_PARDONED_TURN)
    __sync_fetch_and_add(&limit->pardons_ns, -(s64)(p->se.sum_exec_runtime - tctx->turn_began));
  tctx->free_turn = MUS_NO_FREE_TURN;
}

/* A CPU switches away from prev. Was that parked, and inside the kernel? If not, it was on its way back to user space,
 * and holds nothing. */
static __always_inline void note_inside(struct task_struct* prev, bool inside) {
  struct cpu_ctx* here = lookup_cpu(bpf_get_smp_processor_id());
  struct task_ctx* tctx;

  if (!here || !here->parked) return;
  here->parked = 0;
  tctx = lookup_task(prev);
  if (tctx) tctx->inside = inside;
}

/* The task has had its turn, which ended just now or when ops.stopping was last called. */
static __always_inline void end_turn(struct task_struct* p, struct task_ctx* tctx) {
  tctx->in_turn = false;
  charge(p, tctx);
  if (tctx->free_turn) end_free_turn(p, tctx);
  if (p->se.sum_exec_runtime - tctx->turn_began >= MUS_TURN_MIN_NS) tctx->unserved_at = 0;
}

static __noinline int release(struct limit_timer* timer, u32 index, u64 now) {
  struct mus_limit* limit = lookup_limit(index);
  struct task_struct* p;

  if (!timer || !limit) return 0;
  timer->scanned = 0;
  timer->left = affordable(limit);
  bpf_for_each(scx_dsq, p, parked_dsq(index), 0) {
    struct task_ctx* tctx;
    u32 step;

    if (++timer->scanned > PARKED_SCAN) break;
    tctx = lookup_task(p);
    if (!tctx) continue;
    step = next_step(tctx, index, never_waits(p), now);
    if (step == MUS_STAYS) continue;
    if (step == MUS_MOVES) {
      if (arm(tctx->waits_for, PARKED_AGAIN_NS)) mus_dsq_move(MUS_THIS_ITERATOR, p, parked_dsq(tctx->waits_for));
      continue;
    }
    if (!let_go(MUS_THIS_ITERATOR, p, tctx, now)) tctx->free_turn = MUS_NO_FREE_TURN;
  }
  return 0;
}

/* cpu.max may have changed while nobody of the cgroup ran. NULL in a namespace in which the cgroup is not visible: then
 * the change counts at the next tick of one of its tasks. */
static __noinline int reread(struct mus_limit* limit, u64 now) {
  struct bandwidth bandwidth = {};
  struct cgroup* cgrp;

  if (!limit || !limit->cgroup_id) return 0;
  cgrp = bpf_cgroup_from_id(limit->cgroup_id);
  if (!cgrp) return 0;
  if (read_bandwidth(cgrp, &bandwidth))
    set_bandwidth(limit, &bandwidth, now);
  else
    limit->quota_ns = 0;
  bpf_cgroup_release(cgrp);
  return 0;
}

static int on_limit_timer(void* map, u32* key, struct limit_timer* timer) {
  u64 now = bpf_ktime_get_ns(), since;
  u32 index = *key;
  struct mus_limit* limit = lookup_limit(index);
  s32 waiting;

  if (!limit) return 0;
  limit->armed = 0;
  bpf_rcu_read_lock(); /* 6.12 does not see that it is one */
  reread(limit, now);
  refill(limit, now);
  since = limit->throttled_at;
  if (since && (limit->budget_ns > 0 || !limit->quota_ns)) {
    limit->throttled_at = 0;
    if (mus_before(since, now)) limit->throttled_ns += now - since;
  }
  release(timer, index, now);
  bpf_rcu_read_unlock();
  waiting = scx_bpf_dsq_nr_queued(parked_dsq(index));
  if (waiting > 0) {
    if (!limit->throttled_at && affordable(limit) == 0) limit->throttled_at = now;
    arm(index, affordable(limit) ? PARKED_AGAIN_NS : until_refill(limit, now));
  } else if (now - limit->parked_at < PARKED_LINGER_NS) {
    arm(index, PARKED_LOOK_NS);
  }
  return 0;
}

static s32 make_limit(u32 index) {
  struct limit_timer* timer = bpf_map_lookup_elem(&limit_timers, &index);
  s32 err;

  if (!timer) return -22; /* EINVAL */
  err = bpf_timer_init(&timer->timer, &limit_timers, CLOCK_MONOTONIC);
  if (err) return err;
  err = bpf_timer_set_callback(&timer->timer, on_limit_timer);
  if (err) return err;
  return scx_bpf_create_dsq(parked_dsq(index), -1);
}

#endif
