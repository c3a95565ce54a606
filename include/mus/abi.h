/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What the BPF program and the daemon both read: map keys and values, counters, limits.
 * Included by bpf/ (after vmlinux.h) and by src/kernel/ (C++); plain C, fixed layouts, asserted on both sides.
 */
#ifndef MUS_ABI_H
#define MUS_ABI_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#ifndef __cplusplus
#define MUS_STATIC_ASSERT _Static_assert
#else
#define MUS_STATIC_ASSERT static_assert
#endif

/* The scale of weights: 1024 is what a container has anyway (the prototype's NORMAL_PRIORITY). */
#define MUS_WEIGHT_ONE 1024
#define MUS_WEIGHT_MIN 16
#define MUS_WEIGHT_MAX 102400
#define MUS_WEIGHT_BOOST 4096 /* the default of a boost: the prototype's HIGH_PRIORITY */

/* The scale of what competes in the end: a cgroup's share of its level, and that of the level above, and so on, times
 * its boost. This is what a thread of the root cgroup at nice 0 has, times the normaliser (src/core/shares.hpp). */
#define MUS_SHARE_ONE 65536
#define MUS_SHARE_MIN 64 /* smaller ones are rounded up */
#define MUS_SHARE_MAX 0xffffffffU

enum mus_limits {
  MUS_MAX_POLICIES = 1024, /* boosted cgroups at once */
  MUS_MAX_FLOWS = 4096,    /* cgroups, with tasks in them or below, between which CPU time is shared out */
  MUS_MAX_CGROUPS = 8192,  /* with tasks in them or below that the daemon divides CPU time between */
  MUS_MAX_LIMITS = 1024,   /* cgroups with a cpu.max at once; the first place stands for none */
  MUS_MAX_CPUS = 1024,     /* CPU ids that the daemon's BPF program can address */
  MUS_MAX_CACHES = 64,     /* last-level caches; further ones count as the last */
  MUS_NO_CACHE = 65535,    /* the cache of a CPU that was not online when the topology was read */
  MUS_CLASSES = 4,         /* sets of CPUs within a cache that have a queue of their own, the first being all */
  MUS_REASON_LEN = 128,
  MUS_MESSAGE_LEN = 1024,
};

/* Value of the policy map; its key is the cgroup's id (__u64, the inode number of its directory). */
struct mus_policy {
  __u32 weight;      /* MUS_WEIGHT_MIN .. MUS_WEIGHT_MAX */
  __u32 lifted_from; /* cpu.max does not hold for these tasks at this level of the tree and below it (1: children of
                        the root); 0: it holds everywhere */
};
MUS_STATIC_ASSERT(sizeof(struct mus_policy) == 8, "read by both sides");

/* A cgroup's cpu.max, and what came of it. Written by BPF. The counts mean what they do in cpu.stat. */
struct mus_limit {
  __u64 cgroup_id; /* 0: free */
  __u64 quota_ns;  /* in each period; 0: no limit (any more) */
  __u64 period_ns;
  __u64 burst_ns;     /* of what was not used before, how much may come on top */
  __s64 budget_ns;    /* left; below 0: a debt */
  __s64 pardons_ns;   /* what tasks inside the kernel may still run in this period without a budget */
  __u64 began;        /* the present period, bpf_ktime_get_ns() */
  __u64 throttled_at; /* since when; 0: it is not */
  __u64 parked_at;    /* when a task was last made to wait for it */
  __u64 periods;      /* that have ended and in which something ran or waited */
  __u64 throttled_periods;
  __u64 throttled_ns;
  __u64 forced;  /* turns without a budget, so that the kernel's watchdog does not end us */
  __u64 pardons; /* turns without a budget, for tasks that were stopped inside the kernel */
  __u32 up;      /* the nearest limit above; 0: none */
  __u32 level;   /* of the cgroup in the tree */
  __u32 armed;   /* 1: its timer runs */
  __u32 pad;
} __attribute__((aligned(64)));
MUS_STATIC_ASSERT(sizeof(struct mus_limit) == 128, "read by both sides");

/* A flow's share, written by the daemon; by BPF when the flow is new. 0: not known yet. */
struct mus_share {
  __u32 own;    /* of the cgroup's own threads together; MUS_SHARE_ONE = 1 */
  __u32 whole;  /* of the cgroup with all below it */
  __u32 rivals; /* what competes directly below it, 1024 for a cpu.weight of 100; a child of w that comes gets
                   whole * w / (rivals + w) */
};
MUS_STATIC_ASSERT(sizeof(struct mus_share) == 12, "read by both sides");

/* A cgroup with tasks in it or below, as BPF saw it on its last walk. Parents come before their children. */
struct mus_cgroup_record {
  __u64 id;
  __u64 parent; /* its id; 0: the root */
  __u32 shares; /* 1024 for a cpu.weight of 100, 3 with cpu.idle; 0: the cpu controller is off here */
  __u32 flow;
  __u32 boost;       /* of the nearest policy; 1024 = 1 */
  __u32 lifted_from; /* of the same policy */
  __s64 load;        /* of its runnable threads: their number in the upper, their weight in the lower half */
  __u64 quota_ns;    /* cpu.max of this cgroup; 0: none */
  __u64 period_ns;
  __u32 level; /* in the tree; 1: a child of the root */
  __u32 birth; /* of the flow: another one means that its meters began at 0 again */
};
MUS_STATIC_ASSERT(sizeof(struct mus_cgroup_record) == 64, "read by both sides");

/* Between the scheduler and the daemon that divides CPU time while cgroups have to wait for each other: a word that is
 * 0 after each look of the daemon. */
enum mus_contention {
  MUS_FIRST_WAITER = 0x00ffffff, /* 1 + the flow that has had to wait since then, if only one has */
  MUS_TELL = 0x01000000,         /* the daemon sleeps: the second to wait wakes it */
  MUS_CONTENDED = 0x02000000,    /* several have had to wait */
};
MUS_STATIC_ASSERT((__u32)MUS_MAX_FLOWS < (__u32)MUS_FIRST_WAITER, "each flow has a place there");

/* One last-level cache, or several CPUs that no cache is known of. */
struct mus_cache {
  __u16 first; /* where its CPUs begin in the order of CPUs */
  __u16 cpus;  /* how many they are */
  __u16 node;
  __u16 pad;
};
MUS_STATIC_ASSERT(sizeof(struct mus_cache) == 8, "read by both sides");

/* Counters, one __u64 each and per CPU; the daemon sums them. The names in src/kernel follow this order. */
enum mus_counter {
  MUS_WAKEUPS,           /* tasks that became runnable by waking */
  MUS_DIRECT_DISPATCHES, /* of those: put on an idle CPU's own queue at once */
  MUS_SHARED_ENQUEUES,   /* inserted into a cache's vtime queue */
  MUS_PINNED_ENQUEUES,   /* inserted into a CPU's own vtime queue: one allowed CPU, or migration disabled */
  MUS_PREEMPTIONS,       /* wakeups that took a CPU from a task ahead in service */
  MUS_STEALS,            /* tasks from a cache's queue that ran on another CPU than before */
  MUS_KEPT,              /* slice ended, and the running task was still the one furthest behind */
  MUS_REENQUEUES,        /* taken back from a CPU that a higher scheduling class claimed */
  MUS_RELIEVED,          /* ran out of turn after having waited for MUS_MAX_WAIT_NS */
  MUS_BALANCED,          /* tasks taken from another cache because time passed slower there */
  MUS_PARKS,             /* tasks that were made to wait because their cgroup had used up its cpu.max */
  MUS_NR_COUNTERS,
};

#define MUS_CACHE_LINE 64

/* One line per CPU, in a mapped page: the daemon reads without a system call. */
struct mus_cpu_counters {
  __u64 values[MUS_NR_COUNTERS];
} __attribute__((aligned(MUS_CACHE_LINE)));
MUS_STATIC_ASSERT(sizeof(struct mus_cpu_counters) % MUS_CACHE_LINE == 0, "no line shared between CPUs");

/* How long tasks were runnable before they ran (run delay), by powers of two: the first bucket is below
 * MUS_WAIT_UNIT_NS, bucket n below 2^n of it, the last one has no bound. So they reach from a microsecond to 4.3 s. */
#define MUS_WAIT_UNIT_SHIFT 10
#define MUS_WAIT_UNIT_NS (1ULL << MUS_WAIT_UNIT_SHIFT)
#define MUS_WAIT_BUCKETS 24

/* A flow on one CPU, by CPU and flow in a mapped page; those of flow 0 are of all tasks without a cgroup of their own.
 * Only that CPU writes. */
struct mus_meter {
  __u64 cpu_time_ns;
  __u64 wait_ns;                 /* summed over all waits. For a cpu.max is none */
  __u32 waits[MUS_WAIT_BUCKETS]; /* how many took so long; they wrap, so only differences count */
} __attribute__((aligned(2 * MUS_CACHE_LINE)));
MUS_STATIC_ASSERT(sizeof(struct mus_meter) % MUS_CACHE_LINE == 0, "no line shared between CPUs");

/* Why the kernel let the scheduler go: struct scx_exit_info, copied in ops.exit. kind 0: still attached. */
struct mus_exit_record {
  __s64 code;
  __u32 kind;
  __u32 pad;
  char reason[MUS_REASON_LEN];
  char message[MUS_MESSAGE_LEN];
};
MUS_STATIC_ASSERT(sizeof(struct mus_exit_record) == 16 + MUS_REASON_LEN + MUS_MESSAGE_LEN, "read by both sides");

#endif
