/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Flows: the cgroups between which CPU time is shared out. A share belongs to the cgroup, so one thread and sixteen
 * get the same. Two things see to that:
 *
 * - a thread's virtual time passes at the rate (load of the cgroup's runnable threads) / (its own part of it): together
 *   they use up what the cgroup is given;
 * - each flow has a virtual time of its own in each queue, which passes with whatever any of its threads runs, and no
 *   thread is further from it than one turn. So an error in the load only moves time between threads of one cgroup, and
 *   the credit for having slept is the cgroup's: many sleepy threads cannot each claim it.
 *
 * Flow 0 is for tasks that compete each for itself: those of the root cgroup, and what came when all flows were taken.
 */
#ifndef MUS_FLOW_BPF_H
#define MUS_FLOW_BPF_H

#include "compat.bpf.h"
#include "meter.bpf.h"
#include "policy.bpf.h"
#include "share.bpf.h"
#include "topology.bpf.h"

#define MUS_MAX_CGROUP_DEPTH 32
#define NO_FLOW 0

/* How old a sample of a cgroup's load may be, before a task that has to queue takes another: it reads one word of each
 * CPU, so large machines do it less often. */
#define LOAD_SAMPLE_NS (8 * MUS_NSEC_PER_MSEC)
#define LOAD_SAMPLE_CPU_NS (MUS_NSEC_PER_MSEC / 8)
/* One that is so many times as old says nothing about now: the cgroup has slept. */
#define LOAD_SAMPLES_KEPT 8

struct flow {
  u64 cgroup_id;
  u64 generation;  /* of the policies, when the following were looked up */
  u32 boost;       /* the matched policy's weight; 1024 = 1 */
  u32 lifted_from; /* of the matched policy */
  u32 limit;       /* the lowest that its cgroup is under, see limit.bpf.h; 0: none */
  u32 idle_levels; /* on its path: a bit for each level with cpu.idle, children of the root first */
  u64 path_at;     /* when limit and idle_levels were looked up; 0: never */
  u32 birth;       /* which flow this is of all that there have been: its place in the maps may be a dead one's */
} __attribute__((aligned(MUS_CACHE_LINE)));

/* What service a flow has had in one queue. */
struct flow_service {
  u64 vtime;
  u32 birth; /* of the flow that vtime is of */
};

/* A flow in one queue of a cache: written when its tasks queue and stop, not at wakeups onto idle CPUs. */
struct flow_queue {
  struct flow_service service;
  u32 load;       /* of the flow's runnable threads on this cache's CPUs ... */
  u32 total;      /* ... and on all ... */
  u64 sampled_at; /* ... when this was */
};

/* A flow on one CPU. */
struct flow_cpu {
  struct flow_service service; /* in the CPU's own queue */
  s64 load; /* of its runnable threads here, see flow_load(); atomic: one that is moved is taken over by its new CPU */
};

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, MUS_MAX_FLOWS);
  __type(key, u64);
  __type(value, u32);
} flow_indexes SEC(".maps");

/* Indexes of flows whose cgroup is gone. */
struct {
  __uint(type, BPF_MAP_TYPE_STACK);
  __uint(max_entries, MUS_MAX_FLOWS);
  __type(value, u32);
} free_flows SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, MUS_MAX_FLOWS);
  __type(key, u32);
  __type(value, struct flow);
} flows SEC(".maps");

/* By queue and flow; the daemon sets the size from the number of caches. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, MUS_CLASSES* MUS_MAX_FLOWS);
  __type(key, u32);
  __type(value, struct flow_queue);
} flow_queues SEC(".maps");

/* By CPU and flow; the daemon sets the size from the number of CPUs. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, MUS_MAX_FLOWS);
  __type(key, u32);
  __type(value, struct flow_cpu);
} flow_cpus SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, MUS_MAX_POLICIES);
  __type(key, u64);
  __type(value, struct mus_policy);
} policies SEC(".maps");

/* Written by the daemon: bumped after each change of the policy map. */
volatile u64 policy_generation = 1;

static u32 flows_used = NO_FLOW + 1;
static u32 flow_births;

static __always_inline struct flow* lookup_flow(u32 flow) {
  return bpf_map_lookup_elem(&flows, &flow);
}

static __always_inline struct flow_cpu* lookup_flow_cpu(u32 flow, s32 cpu) {
  u32 key = (u32)cpu * MUS_MAX_FLOWS + flow;

  return bpf_map_lookup_elem(&flow_cpus, &key);
}

static __always_inline struct flow_queue* lookup_flow_queue(u32 flow, u32 queue) {
  u32 key = queue * MUS_MAX_FLOWS + flow;

  return bpf_map_lookup_elem(&flow_queues, &key);
}

/* Nearest cgroup at or above the flow's own that has a policy. By ids and not by scx_bpf_task_cgroup(), which stops at
 * the last level with the cpu controller. */
static __noinline int resolve_policy(struct cgroup* cgrp, struct flow* flow) {
  s32 level;

  flow->boost = MUS_WEIGHT_ONE;
  flow->lifted_from = 0;
  if (!cgrp) return 0;
  bpf_for(level, 0, MUS_MAX_CGROUP_DEPTH) {
    s32 up = cgrp->level - level;
    struct cgroup* ancestor;
    struct mus_policy* policy;
    u64 id;

    if (up < 0) break;
    ancestor = bpf_cgroup_ancestor(cgrp, up);
    if (!ancestor) break;
    id = ancestor->kn->id;
    bpf_cgroup_release(ancestor);
    policy = bpf_map_lookup_elem(&policies, &id);
    if (policy) {
      flow->boost = policy->weight;
      flow->lifted_from = policy->lifted_from;
      break;
    }
  }
  return 0;
}

/* Until the daemon has divided anew: as a child that comes to the nearest cgroup above whose share is known. */
static __noinline u32 newcomers_share(struct cgroup* cgrp) {
  u32 shares = SHARES_OF_100;
  s32 level;

  if (!cpu_weight || !cgrp) return MUS_SHARE_ONE;
  bpf_for(level, 0, MUS_MAX_CGROUP_DEPTH) {
    struct mus_share* above = NULL;
    s32 up = cgrp->level - level;
    struct cgroup* ancestor;
    u32 here, *flow;
    u64 id;

    if (up <= 0) break;
    ancestor = bpf_cgroup_ancestor(cgrp, up);
    if (!ancestor) break;
    id = ancestor->kn->id;
    here = group_shares(ancestor);
    bpf_cgroup_release(ancestor);
    flow = level ? bpf_map_lookup_elem(&flow_indexes, &id) : NULL;
    if (flow) above = lookup_share(*flow);
    if (above && above->whole) return mus_newcomers_share(above->whole, above->rivals, shares);
    if (here) shares = here;
  }
  return (u64)root_share * shares / SHARES_OF_100;
}

static __noinline u32 new_flow(struct cgroup* cgrp, u64 cgroup_id) {
  struct mus_share* share;
  struct flow* flow;
  u32 index = NO_FLOW, *found;

  if (bpf_map_pop_elem(&free_flows, &index)) {
    if (flows_used >= MUS_MAX_FLOWS) return NO_FLOW;
    index = __sync_fetch_and_add(&flows_used, 1);
  }
  flow = bpf_map_lookup_elem(&flows, &index);
  if (!flow) return NO_FLOW;
  flow->cgroup_id = cgroup_id;
  flow->generation = 0;
  flow->boost = MUS_WEIGHT_ONE;
  flow->lifted_from = flow->limit = flow->idle_levels = 0;
  flow->path_at = 0;
  share = lookup_share(index);
  if (share) {
    share->whole = share->rivals = 0;
    share->own = newcomers_share(cgrp);
  }
  flow->birth = __sync_fetch_and_add(&flow_births, 1) + 1;
  if (!bpf_map_update_elem(&flow_indexes, &cgroup_id, &index, BPF_NOEXIST)) return index;
  /* Another CPU was first. */
  bpf_map_push_elem(&free_flows, &index, 0);
  found = bpf_map_lookup_elem(&flow_indexes, &cgroup_id);
  return found ? *found : NO_FLOW;
}

static __always_inline u32 flow_of(struct cgroup* cgrp, u64 cgroup_id) {
  u32* found = bpf_map_lookup_elem(&flow_indexes, &cgroup_id);

  return found ? *found : new_flow(cgrp, cgroup_id);
}

/* Loads and numbers of threads are kept in one word: the number in the upper half. */
static __always_inline s64 one_thread(u32 weight) {
  return 1LL << 32 | weight;
}

static __always_inline s32 flow_load(s64 threads) {
  return (s32)threads;
}

static __always_inline void add_load(u32 flow, s32 cpu, s64 load) {
  struct flow_cpu* there = lookup_flow_cpu(flow, cpu);

  if (there) __sync_fetch_and_add(&there->load, load);
}

/* Not static: the verifier walks a global function once, whoever calls it. */
int sample_load(u32 flow, u32 cache, u32 slept) {
  struct flow_queue* fq = lookup_flow_queue(flow, cache * MUS_CLASSES);
  s64 here = 0, total = 0;
  u32 cpu;

  if (!fq) return 0;
  bpf_for(cpu, 0, nr_cpu_ids) {
    struct flow_cpu* there = lookup_flow_cpu(flow, cpu);
    s32 load;

    if (!there) break;
    load = flow_load(there->load);
    total += load;
    if (cache_of(cpu) == cache) here += load;
  }
  fq->load = mus_next_load(slept ? 0 : fq->load, here > 0 ? here : 0);
  fq->total = mus_next_load(slept ? 0 : fq->total, total > 0 ? total : 0);
  return 0;
}

static __always_inline void refresh_load(u32 flow, u32 cache, struct flow_queue* fq, u64 now) {
  u64 every = LOAD_SAMPLE_NS + nr_cpu_ids * LOAD_SAMPLE_CPU_NS, seen = fq->sampled_at;

  if (seen && now - seen < every) return;
  if (__sync_val_compare_and_swap(&fq->sampled_at, seen, now) == seen)
    sample_load(flow, cache, !seen || now - seen > LOAD_SAMPLES_KEPT * every);
}

/* Nobody is in the cgroup any more, and nobody will be. */
static __always_inline void drop_flow(u64 cgroup_id) {
  u32* found = bpf_map_lookup_elem(&flow_indexes, &cgroup_id);
  u32 index, cache;

  if (!found) return;
  index = *found;
  /* The load was this cgroup's, and not that of the next one with the index. */
  bpf_for(cache, 0, nr_caches) {
    struct flow_queue* fq = lookup_flow_queue(index, cache * MUS_CLASSES);

    if (fq) fq->sampled_at = 0;
  }
  zero_meters(index);
  if (!bpf_map_delete_elem(&flow_indexes, &cgroup_id)) bpf_map_push_elem(&free_flows, &index, 0);
}

#endif
