/* SPDX-License-Identifier: GPL-2.0-only */
/* What we keep of a task: which flow it belongs to, where its virtual time counts, how long it has waited. */
#ifndef MUS_TASK_BPF_H
#define MUS_TASK_BPF_H

#include "compat.bpf.h"
#include "flow.bpf.h"
#include "policy.bpf.h"

/* A turn for a parked task although its limit has no budget; see park.bpf.h. */
enum free_turn {
  MUS_NO_FREE_TURN,
  MUS_FORCED_TURN,
  MUS_PARDONED_TURN,
};

struct task_ctx {
  u64 cgroup_id;     /* the flow below is this cgroup's */
  u64 charged_until; /* se.sum_exec_runtime that is already in its vtime; immune to remote clocks */
  u64 runnable_at;   /* since when it waits for a CPU; 0: it does not */
  u64 unserved_at;   /* the same, but a turn of less than MUS_TURN_MIN_NS does not count as one */
  u64 turn_began;    /* se.sum_exec_runtime when it last got a CPU */
  u64 ran_at_wakeup; /* and when it last woke */
  u64 placed_at;     /* and when it was last placed in its queue, see place() */
  u64 parked_at;     /* when it was last made to wait for a limit */
  u64 rate;          /* at which its virtual time passes; set at each enqueue */
  u64 class_key;     /* of the CPUs of `class_cache` that it may use; see queue.bpf.h */
  u32 flow;
  u32 share;        /* of the flow, boosted; or its own in flow 0 */
  u32 birth;        /* of the flow */
  u32 limit;        /* the lowest that the flow is under; 0: none */
  u32 waits_for;    /* while parked: the limit */
  u32 lifted_from;  /* the level from which the flow's limits do not hold; 0: they do */
  u32 queue;        /* in whose virtual time its vtime counts */
  u32 counted_flow; /* in whose load it is counted, while runnable ... */
  u32 counted_load; /* ... with this ... */
  s32 counted_cpu;  /* ... on this one; -1: it is not */
  s32 last_cpu;
  u16 class_cache;
  bool boosted;
  bool joined;    /* its cgroup or its queue has changed since it was placed last: its flow may have slept there */
  bool none_idle; /* select_cpu has just looked for an idle CPU in vain: enqueue need not look again */
  bool queued;    /* came through a vtime queue, so that running it may move the clock */
  u8 free_turn;   /* enum free_turn: it has been let go, or runs, without a budget */
  bool inside;    /* it was inside the kernel when it was parked */
  bool in_turn;   /* it has got a CPU, and that turn has not been charged to its end */
  bool has_run;   /* as it comes to ops.enqueue: until now it ran, on the CPU that it is on */
  bool contended; /* others wait or waited for what it runs: its flow pays */
};

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct task_ctx);
} task_ctxs SEC(".maps");

/* The daemon itself: while it cannot run, nobody can take a boost back. */
const volatile u32 daemon_tgid;

/* Read anew each time, or the verifier would follow both cases to the end. */
static __always_inline bool has_run(const struct task_ctx* tctx) {
  return *(const volatile bool*)&tctx->has_run;
}

/* As scx_bpf_task_cpu(), without a call. */
static __always_inline s32 cpu_of_task(const struct task_struct* p) {
  return (s32)p->thread_info.cpu; /* with CONFIG_THREAD_INFO_IN_TASK, as x86 has it */
}

static __always_inline struct task_ctx* lookup_task(struct task_struct* p) {
  return bpf_task_storage_get(&task_ctxs, p, 0, 0);
}

/* The task's flow and share. Cheap unless its cgroup or the policies have changed. */
static __always_inline void refresh_policy(struct task_struct* p, struct task_ctx* tctx) {
  u64 generation = policy_generation;
  struct mus_share* share;
  struct cgroup* cgrp;
  struct flow* flow;
  u64 id;

  /* RCU protects both pointers: a program of a struct_ops that may not sleep runs inside a read section. */
  cgrp = p->cgroups->dfl_cgrp;
  if (!cgrp) return;
  id = cgrp->kn->id;
  if (id != tctx->cgroup_id) {
    tctx->flow = cgrp->level == 0 || (u32)p->tgid == daemon_tgid ? NO_FLOW : flow_of(cgrp, id);
    tctx->cgroup_id = id;
    tctx->joined = true;
  }
  if (tctx->flow == NO_FLOW) {
    tctx->boosted = (u32)p->tgid == daemon_tgid;
    tctx->share = mus_boosted_share(root_share, tctx->boosted ? MUS_WEIGHT_MAX : MUS_WEIGHT_ONE);
    tctx->limit = 0;
    return;
  }
  flow = lookup_flow(tctx->flow);
  share = lookup_share(tctx->flow);
  if (!flow || !share) return;
  if (flow->generation != generation) {
    resolve_policy(cgrp, flow);
    flow->generation = generation;
  }
  tctx->boosted = flow->boost > MUS_WEIGHT_ONE && !flow->idle_levels; /* with cpu.idle it is no preference */
  tctx->share = mus_boosted_share(share->own, flow->boost);
  tctx->birth = flow->birth;
  tctx->limit = flow->limit;
  tctx->lifted_from = flow->lifted_from;
}

static __always_inline void uncount_runnable(struct task_ctx* tctx) {
  if (tctx->counted_cpu < 0) return;
  add_load(tctx->counted_flow, tctx->counted_cpu, -one_thread(tctx->counted_load));
  tctx->counted_cpu = -1;
}

/* Counts a runnable task where it is now. */
static __always_inline void count_runnable(struct task_struct* p, struct task_ctx* tctx, s32 cpu) {
  if (tctx->counted_cpu == cpu && tctx->counted_flow == tctx->flow) return;
  uncount_runnable(tctx);
  if (tctx->flow == NO_FLOW) return;
  tctx->counted_flow = tctx->flow;
  tctx->counted_load = p->scx.weight;
  tctx->counted_cpu = cpu;
  add_load(tctx->counted_flow, cpu, one_thread(tctx->counted_load));
}

/* From now on it waits for a CPU, unless it does already. Called where a task comes to us and not in ops.runnable: one
 * program less at each wakeup. */
static __always_inline void begin_wait(struct task_ctx* tctx, u64 now) {
  if (!tctx->runnable_at) tctx->runnable_at = now;
  if (!tctx->unserved_at) tctx->unserved_at = now;
}

/* It has hardly run since it woke: another waking task came between. */
static __always_inline bool just_woken(const struct task_struct* p, const struct task_ctx* tctx) {
  return p->se.sum_exec_runtime - tctx->ran_at_wakeup < MUS_TURN_MIN_NS;
}

/* It is not runnable any more. */
static __always_inline void end_wait(struct task_ctx* tctx) {
  tctx->unserved_at = tctx->runnable_at = 0;
  uncount_runnable(tctx);
}

/* The task got its CPU: how long it waited. Not static: see sample_load(). */
__noinline int account_wait(struct task_ctx* tctx, u64 now) {
  u64 since;

  if (!tctx) return 0;
  since = tctx->runnable_at;
  tctx->runnable_at = 0;
  if (since) meter_wait(tctx->flow, mus_before(since, now) ? now - since : 0);
  return 0;
}

#endif
