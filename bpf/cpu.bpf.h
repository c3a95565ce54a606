/* SPDX-License-Identifier: GPL-2.0-only */
/* What runs on each CPU, whose turn it was there, and counters. */
#ifndef MUS_CPU_BPF_H
#define MUS_CPU_BPF_H

#include "policy.bpf.h"
#include "topology.bpf.h"

#define MUS_TURNS (MUS_CLASSES + 1) /* the queues that a CPU serves: its cache's, and its own */

/* One of the queues that a CPU serves, as seen from there. */
struct cpu_turn {
  u64 skew;        /* added to its tasks' vtime to compare them with the cache's first queue; see queue.bpf.h */
  u64 head;        /* vtime of its first task for this CPU when it was last looked at ... */
  u64 vtime;       /* ... the same on the scale of the CPU's cache ... */
  u64 found;       /* ... and whether there was one */
  u64 passed_over; /* since when its head has waited for a turn here; 0: it has not */
};

/* What a CPU serves next. */
struct next_turn {
  u64 vtime; /* of the head, on the scale of the CPU's cache */
  u32 turn;
  u8 waiting; /* which queues may have tasks: a bit for each turn */
  u8 found;   /* a head was seen that may run on this CPU */
  u8 forced;  /* it has been passed over for too long */
};

/* Written by its own CPU at each switch, read by wakers on others. preempting_at is the exception. */
struct cpu_ctx {
  u64 vtime;         /* of the running task when `since` was, on the scale of the CPU's cache */
  u64 since;         /* bpf_ktime_get_ns() */
  u64 rate;          /* at which the running task's vtime passes */
  u64 holds;         /* 1 + the queue of that task, until it sleeps: see advance_clock(); 0: none */
  u64 held;          /* its vtime when `since` was, on the scale of that queue */
  u32 flow;          /* of that task */
  u64 preempting_at; /* when a waker last claimed this CPU; 0: nobody since the last switch */
  u32 running;       /* 1: one of our tasks runs here */
  u32 releasing;     /* 1: ops.cpu_release runs here, and ops.enqueue from within it */
  u32 parked;        /* 1: the task that ran here has just been parked, see note_inside() */
  u32 pinned;        /* 0: the CPU's own queue is empty. Written under the run queue's lock: exact for dispatch */
  u64 scanned;       /* queue entries looked at; here, since on its stack the verifier would follow every value of it */
  u64 relieved_at;   /* when its queues were last searched in vain for tasks that have waited for too long */
  struct next_turn next;
  struct cpu_turn turns[MUS_TURNS];
} __attribute__((aligned(MUS_CACHE_LINE)));

static struct cpu_ctx cpus[MUS_MAX_CPUS];
struct mus_cpu_counters counters[MUS_MAX_CPUS];

static __always_inline struct cpu_ctx* lookup_cpu(s32 cpu) {
  u64 index = (u32)cpu;

  if (index >= MUS_MAX_CPUS) return NULL;
  /* The verifier loses the bound where the compiler compares 32 bits and adds 64. */
  asm volatile("%[index] &= %[mask]" : [index] "+r"(index) : [mask] "i"(MUS_MAX_CPUS - 1));
  return &cpus[index];
}

static __always_inline struct cpu_turn* lookup_turn(struct cpu_ctx* cctx, u32 turn) {
  u64 index = turn;

  barrier_var(index); /* as in ordered_cpu() */
  if (index >= MUS_TURNS) return NULL;
  barrier_var(index); /* or the compiler forms the address before it checks */
  return &cctx->turns[index];
}

static __always_inline void count(enum mus_counter counter) {
  u32 cpu = bpf_get_smp_processor_id();

  if (cpu < MUS_MAX_CPUS) counters[cpu].values[counter]++;
}

static __always_inline void note_running(struct cpu_ctx* cctx, u64 vtime, u64 rate, u32 flow, u64 now) {
  cctx->vtime = vtime;
  cctx->rate = rate;
  cctx->flow = flow;
  cctx->since = now;
  cctx->running = 1;
}

/* Where the task that runs on a CPU stands in service now. */
static __always_inline u64 projected_vtime(const struct cpu_ctx* cctx, u64 now) {
  u64 since = cctx->since;

  return cctx->vtime + (mus_before(since, now) ? mus_vtime_delta(now - since, cctx->rate) : 0);
}

#endif
