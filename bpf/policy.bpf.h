/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The arithmetic of the policy: pure inline functions of numbers, compiled into the BPF program and, natively, into the
 * unit tests. Virtual time is u64 nanoseconds at weight 1024 and wraps: only differences are compared.
 */
#ifndef MUS_POLICY_BPF_H
#define MUS_POLICY_BPF_H

#include "mus/abi.h"

#define MUS_NSEC_PER_MSEC 1000000ULL

/* Service that a waking task may be behind the clock: its credit for having slept. In vtime and independent of weight:
 * divided by the weight, a boosted waker's credit would shrink until its victims looked more deserving. */
#define MUS_LAG_NS (10 * MUS_NSEC_PER_MSEC)

/* How long a task may be kept waiting because it is ahead in service, in real time against the heaviest competitor:
 * mus_forward_cap() turns it into vtime. */
#define MUS_MAX_AHEAD_NS (1000 * MUS_NSEC_PER_MSEC)

/* The longest that a CPU serves one of its two queues while something waits in the other: the net under the comparison
 * of their heads. One tick in this time is a share of 0.8 % (HZ=250); smaller ones are rounded up to it. */
#define MUS_MAX_PASSED_OVER_NS (500 * MUS_NSEC_PER_MSEC)

/* By how much a waking task without a boost must be behind the task that it preempts. */
#define MUS_PREEMPT_GRAN_NS (1 * MUS_NSEC_PER_MSEC)

/* One charge never covers more: a clock that jumped must not move a task out of reach. */
#define MUS_MAX_CHARGE_NS (1000 * MUS_NSEC_PER_MSEC)

/* The only comparison of virtual times: right as long as both are within 2^63 of each other, which the clamp ensures.
 */
static inline int mus_before(__u64 a, __u64 b) {
  return (__s64)(a - b) < 0;
}

/* Weight in the competition: the policy's (1024 = 1) times the task's own from nice (scx_weight: 100 = nice 0,
 * sched_weight_to_cgroup() of the kernel), never 0. */
static inline __u32 mus_effective_weight(__u32 policy_weight, __u32 scx_weight) {
  __u64 weight = (__u64)policy_weight * scx_weight / 100;
  return weight ? (__u32)weight : 1;
}

/* Real run time to virtual time. */
static inline __u64 mus_vtime_delta(__u64 ran_ns, __u32 weight) {
  if (ran_ns > MUS_MAX_CHARGE_NS) ran_ns = MUS_MAX_CHARGE_NS;
  return ran_ns * MUS_WEIGHT_ONE / weight;
}

/* How far ahead of the clock a task may be, in vtime, when max_weight is the heaviest policy: the clock moves at least
 * MUS_WEIGHT_ONE / max_weight as fast as one busy CPU. Independent of the task's own weight, so shares that are too
 * small for the bound are rounded up. */
static inline __u64 mus_forward_cap(__u32 max_weight) {
  return MUS_MAX_AHEAD_NS * MUS_WEIGHT_ONE / max_weight;
}

/* Both sides, at every enqueue: no banked sleep, no debt without end. The caller's lag depends on where the task comes
 * from: MUS_LAG_NS for one that slept, the forward cap for one that was runnable all along - what it is behind then is
 * service that it is owed, and to cut that to the same line for all would make their weights equal. */
static inline __u64 mus_clamp_vtime(__u64 vtime, __u64 clock, __u64 lag, __u64 cap) {
  if (mus_before(vtime, clock - lag)) return clock - lag;
  if (mus_before(clock + cap, vtime)) return clock + cap;
  return vtime;
}

/* Eligible to preempt: behind the running task by more than the granularity. A boosted waker needs none. */
static inline int mus_may_preempt(__u64 waker_vtime, __u64 runner_vtime, int boosted) {
  return mus_before(waker_vtime + (boosted ? 0 : MUS_PREEMPT_GRAN_NS), runner_vtime);
}

#endif
