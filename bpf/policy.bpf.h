/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The arithmetic of the policy: pure inline functions of numbers, compiled into the BPF program and, natively, into the
 * unit tests. Virtual time is u64 nanoseconds at the share 1 and wraps: only differences are compared.
 */
#ifndef MUS_POLICY_BPF_H
#define MUS_POLICY_BPF_H

#include "mus/abi.h"

#define MUS_NSEC_PER_MSEC 1000000ULL

/* Service that a waking cgroup may be behind the clock: its credit for having slept. In vtime and independent of
 * weight: divided by the weight, a boosted waker's credit would shrink until its victims looked more deserving. The
 * daemon may set another; docs/scheduler.md has the experiment (`./dev bench --tuning`). */
#define MUS_LAG_NS (10 * MUS_NSEC_PER_MSEC)

/* How long a task may be kept waiting because it is ahead in service, in real time against the heaviest competitor:
 * mus_forward_cap() turns it into vtime. */
#define MUS_MAX_AHEAD_NS (1000 * MUS_NSEC_PER_MSEC)

/* The longest that a CPU serves one of its queues while something waits in another: the net under the comparison of
 * their heads. One tick in this time is a share of 0.8 % (HZ=250); smaller ones are rounded up to it. */
#define MUS_MAX_PASSED_OVER_NS (500 * MUS_NSEC_PER_MSEC)

/* A queued task that has waited for this long runs next, wherever it stands. The worst wait on a CPU is this, and the
 * next search, and a tick for each other task in the same state. */
#define MUS_MAX_WAIT_NS (700 * MUS_NSEC_PER_MSEC)
#define MUS_RELIEVE_EVERY_NS (16 * MUS_NSEC_PER_MSEC)

/* A turn that was cut shorter than this, by a task that woke, does not end a wait; and until it has run for this long a
 * task counts as one that has just woken. */
#define MUS_TURN_MIN_NS (1 * MUS_NSEC_PER_MSEC)

/* By how much a waking task without a boost must be behind the task that it preempts. */
#define MUS_PREEMPT_GRAN_NS (1 * MUS_NSEC_PER_MSEC)

/* One charge never covers more: a clock that jumped must not move a task out of reach. */
#define MUS_MAX_CHARGE_NS (1000 * MUS_NSEC_PER_MSEC)

/* Virtual nanoseconds per real one, in fixed point. The largest times MUS_MAX_CHARGE_NS (2^30) still fits in 64 bits.
 */
#define MUS_RATE_SHIFT 20
#define MUS_RATE_ONE (1ULL << MUS_RATE_SHIFT)
#define MUS_RATE_MAX (1ULL << 33)

/* Bounds of a load, so that no product below overflows: the sum of scx_weight over a cgroup's runnable threads. */
#define MUS_LOAD_ONE 100 /* one thread at nice 0: scx_weight, the kernel's sched_weight_to_cgroup() */
#define MUS_LOAD_MAX (1U << 22)

/* The only comparison of virtual times: right as long as both are within 2^63 of each other, which the clamp ensures.
 */
static inline int mus_before(__u64 a, __u64 b) {
  return (__s64)(a - b) < 0;
}

static inline __u32 mus_bounded_load(__u64 load) {
  return load < 1 ? 1 : load > MUS_LOAD_MAX ? MUS_LOAD_MAX : (__u32)load;
}

/* What a cgroup competes with: its share, times its boost (1024 = 1). */
static inline __u32 mus_boosted_share(__u32 share, __u32 boost) {
  __u64 boosted = (__u64)share * boost / MUS_WEIGHT_ONE;

  return boosted < MUS_SHARE_MIN ? MUS_SHARE_MIN : boosted > MUS_SHARE_MAX ? MUS_SHARE_MAX : (__u32)boosted;
}

/* The share of a child that comes to a cgroup, before the daemon has divided anew. */
static inline __u32 mus_newcomers_share(__u32 whole, __u32 rivals, __u32 weight) {
  __u64 share = (__u64)whole * weight / ((__u64)rivals + weight ? (__u64)rivals + weight : 1);

  return share < 1 ? 1 : share > MUS_SHARE_MAX ? MUS_SHARE_MAX : (__u32)share;
}

/* How fast virtual time passes for what gets `part` of `whole` of a cgroup's boosted `share`. For a thread, part is
 * its own scx_weight and whole the load of the cgroup's runnable threads: together they get the cgroup's share,
 * however many they are, and nice divides it among them. For a queue's tasks of the cgroup, part is their load. */
static inline __u64 mus_rate(__u32 share, __u32 part, __u32 whole) {
  __u64 rate;

  part = mus_bounded_load(part);
  whole = mus_bounded_load(whole);
  rate = ((__u64)whole << (MUS_RATE_SHIFT + 16)) / part / (share ? share : 1); /* 16: MUS_SHARE_ONE is 2^16 */
  return rate < 1 ? 1 : rate > MUS_RATE_MAX ? MUS_RATE_MAX : rate;
}

/* Real run time to virtual time. */
static inline __u64 mus_vtime_delta(__u64 ran_ns, __u64 rate) {
  if (ran_ns > MUS_MAX_CHARGE_NS) ran_ns = MUS_MAX_CHARGE_NS;
  return ran_ns * rate >> MUS_RATE_SHIFT;
}

/* Load of a cgroup's runnable threads, sampled again: up at once, down by a quarter a sample. Threads that sleep and
 * wake by turns are counted as one often enough to be seen. */
static inline __u32 mus_next_load(__u32 old, __u64 sampled) {
  __u32 now = mus_bounded_load(sampled);
  __u32 decayed = old - old / 4;

  return now > decayed ? now : decayed;
}

/* The bucket of mus_meter.waits for a wait: 1 + log2() of its units, without a branch for the verifier to follow. */
static inline __u32 mus_wait_bucket(__u64 wait_ns) {
  __u64 units = wait_ns >> MUS_WAIT_UNIT_SHIFT;
  __u32 left = units > 0xffffffffU ? 0xffffffffU : (__u32)units;
  __u32 bucket = left != 0, step;

  step = (left > 0xffff) << 4, left >>= step, bucket += step;
  step = (left > 0xff) << 3, left >>= step, bucket += step;
  step = (left > 0xf) << 2, left >>= step, bucket += step;
  step = (left > 0x3) << 1, left >>= step, bucket += step;
  bucket += left > 0x1;
  return bucket < MUS_WAIT_BUCKETS ? bucket : MUS_WAIT_BUCKETS - 1;
}

/* How far ahead of the clock a task may be, in vtime, when max_share is the heaviest in force: the clock moves at least
 * MUS_SHARE_ONE / max_share as fast as one busy CPU. Independent of the task's own weight, so shares that are too
 * small for the bound are rounded up. */
static inline __u64 mus_forward_cap(__u32 max_share) {
  return MUS_MAX_AHEAD_NS * MUS_SHARE_ONE / max_share;
}

/* Both sides, at every enqueue: no banked sleep, no debt without end. The caller's lag depends on where the task comes
 * from: lag_ns for one that slept, the forward cap for one that was runnable all along - what it is behind then is
 * service that it is owed, and to cut that to the same line for all would make their weights equal. */
static inline __u64 mus_clamp_vtime(__u64 vtime, __u64 clock, __u64 lag, __u64 cap) {
  if (mus_before(vtime, clock - lag)) return clock - lag;
  if (mus_before(clock + cap, vtime)) return clock + cap;
  return vtime;
}

/* cpu.max. What a cgroup has run beyond its quota it pays back in full, but for what goes beyond a quota and this: it
 * runs on until a tick on each CPU, and its next turn must come within bounds. */
#define MUS_MAX_DEBT_NS (200 * MUS_NSEC_PER_MSEC)

/* A parked task that was stopped inside the kernel gets a turn after this long ... */
#define MUS_PARKED_INSIDE_NS (20 * MUS_NSEC_PER_MSEC)
/* ... and any after this long: a third of the kernel's watchdog, SCX_WATCHDOG_MAX_TIMEOUT (kernel/sched/ext.c). */
#define MUS_MAX_PARKED_NS (10000 * MUS_NSEC_PER_MSEC)
/* For each of these in the budget one parked task is let go. */
#define MUS_LEAST_TURN_NS (MUS_NSEC_PER_MSEC / 2)

/* What of a quota may be used in a later period without a burst: a quarter, and no more than a tick at HZ=250. A
 * container whose pod's budget ends a tick early has its own left over, and had it a tick longer in another period, it
 * pays for that: without this it would lose by every inaccuracy and never gain. (The kernel's own scheduler keeps up to
 * sched_cfs_bandwidth_slice_us on each CPU: 5 ms.) */
#define MUS_MAX_KEPT_NS (4 * MUS_NSEC_PER_MSEC)

/* The most that a limit's budget may be. Quota and burst are below 2^54 (MAX_BW_RUNTIME). */
static inline __s64 mus_full_budget(__u64 quota, __u64 burst) {
  __u64 kept = quota / 4 < MUS_MAX_KEPT_NS ? quota / 4 : MUS_MAX_KEPT_NS;

  return (__s64)(quota + burst + kept);
}

/* What is left of a limit after so many periods have ended: each brings a quota, as in kernel/sched/fair.c,
 * __refill_cfs_bandwidth_runtime(), and at most so much is kept. */
static inline __s64 mus_refill(__s64 budget, __u64 quota, __s64 most, __u64 periods) {
  __s64 least = -(__s64)(quota + MUS_MAX_DEBT_NS);

  if (budget > most) return most;
  if (budget < least) budget = least;
  if (!quota || periods > (__u64)(most - budget) / quota) return most;
  return budget + (__s64)(quota * periods);
}

/* How often a cache looks whether another one has too much to do. */
#define MUS_PACE_WINDOW_NS (100 * MUS_NSEC_PER_MSEC)

/* vtime that passed in elapsed_ns, for one window; the largest where nobody waits. */
static inline __u64 mus_pace(__u64 passed, __u64 elapsed_ns, __s32 waiting) {
  if (waiting < 1) return ~0ULL;
  if (elapsed_ns > 16 * MUS_PACE_WINDOW_NS || passed >> 36) return 0; /* nobody looked for long: says nothing */
  return passed * (MUS_PACE_WINDOW_NS >> 12) / ((elapsed_ns >> 12) + 1);
}

static inline int mus_unbalanced(__u64 own_pace, __u64 other_pace) {
  return own_pace / 5 * 4 > other_pace;
}

/* Eligible to preempt: behind the running task by more than the granularity. A boosted waker needs none. */
static inline int mus_may_preempt(__u64 waker_vtime, __u64 runner_vtime, int boosted) {
  return mus_before(waker_vtime + (boosted ? 0 : MUS_PREEMPT_GRAN_NS), runner_vtime);
}

#endif
