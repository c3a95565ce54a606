/* SPDX-License-Identifier: GPL-2.0-only */
/* What we keep of a task, which policy it falls under, and what its run time costs it. */
#ifndef MUS_TASK_BPF_H
#define MUS_TASK_BPF_H

#include "compat.bpf.h"
#include "policy.bpf.h"

#define MUS_NO_SLOT (~0U)
#define MUS_MAX_CGROUP_DEPTH 32
#define MUS_SHARED (-1)

struct task_ctx {
  u64 cgroup_id;     /* the policy below was resolved for this cgroup ... */
  u64 generation;    /* ... and this state of the policy map */
  u64 charged_until; /* se.sum_exec_runtime that is already in its vtime; immune to remote clocks */
  u64 runnable_at;   /* since when it waits for a CPU; 0: it does not */
  u32 policy_weight;
  u32 slot; /* of the matched policy, or MUS_NO_SLOT */
  s32 last_cpu;
  s32 pinned_to;  /* the CPU in whose virtual time its vtime counts, or MUS_SHARED: in that of the shared queue */
  bool none_idle; /* select_cpu has just looked for an idle CPU in vain: enqueue need not look again */
  bool queued;    /* came through a vtime queue, so that running it may move the clock */
  bool stealable; /* ... through the shared one */
};

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct task_ctx);
} task_ctxs SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, MUS_MAX_POLICIES);
  __type(key, u64);
  __type(value, struct mus_policy);
} policies SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, MUS_MAX_POLICIES);
  __type(key, u32);
  __type(value, struct mus_cgroup_stats);
} cgroup_stats SEC(".maps");

/* Written by the daemon: bumped after each change of the policy map; the heaviest weight in it, at least 1024. */
volatile u64 policy_generation = 1;
volatile u32 policy_max_weight = MUS_WEIGHT_ONE;

/* The daemon itself: while it cannot run, nobody can take a boost back. */
const volatile u32 daemon_tgid;

static __always_inline struct task_ctx* lookup_task(struct task_struct* p) {
  return bpf_task_storage_get(&task_ctxs, p, 0, 0);
}

/* Nearest cgroup at or above the task's own that has a policy. Runs when the task's cgroup or the map changed, not per
 * wakeup. By p->cgroups and not by scx_bpf_task_cgroup(), which stops at the last level with the cpu controller. */
static __noinline void resolve_policy(struct cgroup* cgrp, struct task_ctx* tctx) {
  s32 level;

  tctx->policy_weight = MUS_WEIGHT_ONE;
  tctx->slot = MUS_NO_SLOT;
  if (!cgrp) return;
  bpf_for(level, 0, MUS_MAX_CGROUP_DEPTH) {
    s32 up = cgrp->level - level;
    struct cgroup* ancestor;
    struct mus_policy* policy;
    u64 id;

    if (up < 0) return;
    ancestor = bpf_cgroup_ancestor(cgrp, up);
    if (!ancestor) return;
    id = ancestor->kn->id;
    bpf_cgroup_release(ancestor);
    policy = bpf_map_lookup_elem(&policies, &id);
    if (policy) {
      tctx->policy_weight = policy->weight;
      tctx->slot = policy->slot;
      return;
    }
  }
}

static __always_inline void refresh_policy(struct task_struct* p, struct task_ctx* tctx) {
  u64 generation = policy_generation;
  struct cgroup* cgrp;
  u64 id;

  /* RCU protects both pointers: a program of a struct_ops that may not sleep runs inside a read section. */
  cgrp = p->cgroups->dfl_cgrp;
  if (!cgrp) return;
  id = cgrp->kn->id;
  if (id == tctx->cgroup_id && generation == tctx->generation) return;
  resolve_policy(cgrp, tctx);
  if ((u32)p->tgid == daemon_tgid) tctx->policy_weight = MUS_WEIGHT_MAX;
  tctx->cgroup_id = id;
  tctx->generation = generation;
}

static __always_inline u32 task_weight(const struct task_struct* p, const struct task_ctx* tctx) {
  return mus_effective_weight(tctx->policy_weight, p->scx.weight);
}

static __always_inline bool boosted(const struct task_ctx* tctx) {
  return tctx->policy_weight > MUS_WEIGHT_ONE;
}

/* Puts what the task ran since the last charge on its vtime. Callers: the kernel has just updated sum_exec_runtime. */
static __always_inline void charge(struct task_struct* p, struct task_ctx* tctx) {
  u64 ran = p->se.sum_exec_runtime - tctx->charged_until;
  struct mus_cgroup_stats* stats;
  u32 slot = tctx->slot;

  tctx->charged_until = p->se.sum_exec_runtime;
  p->scx.dsq_vtime += mus_vtime_delta(ran, task_weight(p, tctx));
  if (slot == MUS_NO_SLOT) return;
  stats = bpf_map_lookup_elem(&cgroup_stats, &slot);
  if (stats) stats->cpu_time_ns += ran;
}

/* The task got its CPU: how long it waited. */
static __always_inline void account_wait(struct task_ctx* tctx, u64 now) {
  struct mus_cgroup_stats* stats;
  u64 since = tctx->runnable_at;
  u32 slot = tctx->slot;

  tctx->runnable_at = 0;
  if (!since || slot == MUS_NO_SLOT) return;
  stats = bpf_map_lookup_elem(&cgroup_stats, &slot);
  if (!stats) return;
  if (mus_before(since, now)) stats->wait_ns += now - since;
  stats->waits++;
}

#endif
