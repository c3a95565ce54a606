/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cpu.max: which limits a cgroup is under, and what is left of each. The kernel keeps quota, period and burst in struct
 * task_group whichever scheduler runs (kernel/sched/core.c, tg_set_cfs_bandwidth()), so they are read there: no
 * callback is needed, which only 6.17 brought, and no file. They are looked for while tasks of a cgroup run, at ticks.
 *
 * Who waits for a budget, and how the wait ends, is in park.bpf.h.
 */
#ifndef MUS_LIMIT_BPF_H
#define MUS_LIMIT_BPF_H

#include "rank.bpf.h"
#include "task.bpf.h"

#define NO_LIMIT 0
#define NO_QUOTA (~0ULL) /* RUNTIME_INF: cpu.max is "max" */

/* How old what was found on a cgroup's path may be. With the tick that finds it, and a period for it to show, a new
 * limit holds after less than 100 ms. */
#define PATH_FRESH_NS (40 * MUS_NSEC_PER_MSEC)

/* SCX_ECODE_RSN_* of our own: not one that makes the kernel or the daemon load us again. */
#define TOO_MANY_LIMITS 1

struct mus_limit limits[MUS_MAX_LIMITS];

/* By the cgroup's id. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, MUS_MAX_LIMITS);
  __type(key, u64);
  __type(value, u32);
} limit_indexes SEC(".maps");

/* Places of limits whose cgroup is gone. */
struct {
  __uint(type, BPF_MAP_TYPE_STACK);
  __uint(max_entries, MUS_MAX_LIMITS);
  __type(value, u32);
} free_limits SEC(".maps");

static u32 limits_used = NO_LIMIT + 1;

/* NULL for none. */
static __always_inline struct mus_limit* lookup_limit(u32 limit) {
  u64 index = limit;

  if (index == NO_LIMIT || index >= MUS_MAX_LIMITS) return NULL;
  asm volatile("%[index] &= %[mask]" : [index] "+r"(index) : [mask] "i"(MUS_MAX_LIMITS - 1)); /* as in lookup_cpu() */
  return &limits[index];
}

/* cpu.max as the kernel keeps it. */
struct bandwidth {
  u64 quota_ns, period_ns, burst_ns;
};

static __always_inline bool read_bandwidth(const struct cgroup* cgrp, struct bandwidth* to) {
  struct task_group___mus* group = task_group_of(cgrp);

  if (!group || !bpf_core_field_exists(group->cfs_bandwidth)) return false;
  to->quota_ns = BPF_CORE_READ(group, cfs_bandwidth.quota);
  to->period_ns = BPF_CORE_READ(group, cfs_bandwidth.period);
  to->burst_ns = BPF_CORE_READ(group, cfs_bandwidth.burst);
  return to->quota_ns && to->quota_ns != NO_QUOTA && to->period_ns;
}

/* A change begins a period of its own, and no debt of the old limit is carried into it. */
static __always_inline void set_bandwidth(struct mus_limit* limit, const struct bandwidth* to, u64 now) {
  if (limit->quota_ns == to->quota_ns && limit->period_ns == to->period_ns && limit->burst_ns == to->burst_ns) return;
  limit->period_ns = to->period_ns;
  limit->burst_ns = to->burst_ns;
  limit->budget_ns = limit->pardons_ns = (s64)to->quota_ns;
  limit->began = now;
  limit->quota_ns = to->quota_ns;
}

static __noinline u32 new_limit(u64 cgroup_id, u32 level) {
  struct mus_limit* limit;
  u32 index = NO_LIMIT, *found;

  if (bpf_map_pop_elem(&free_limits, &index)) {
    if (limits_used >= MUS_MAX_LIMITS) return NO_LIMIT;
    index = __sync_fetch_and_add(&limits_used, 1);
  }
  limit = lookup_limit(index);
  if (!limit) return NO_LIMIT;
  limit->quota_ns = limit->period_ns = limit->burst_ns = 0;
  limit->periods = limit->throttled_periods = limit->throttled_ns = limit->forced = limit->pardons = 0;
  limit->throttled_at = limit->parked_at = 0;
  limit->up = NO_LIMIT;
  limit->level = level;
  limit->cgroup_id = cgroup_id;
  if (!bpf_map_update_elem(&limit_indexes, &cgroup_id, &index, BPF_NOEXIST)) return index;
  /* Another CPU was first. */
  limit->cgroup_id = 0;
  bpf_map_push_elem(&free_limits, &index, 0);
  found = bpf_map_lookup_elem(&limit_indexes, &cgroup_id);
  return found ? *found : NO_LIMIT;
}

/* The place of a cgroup's limit, up to date; NO_LIMIT where it has none. */
static __noinline u32 limit_of(struct cgroup* cgrp, u32 level, u64 now) {
  struct bandwidth bandwidth = {};
  struct mus_limit* limit;
  u32 index, *found;
  bool limited;
  u64 id;

  if (!cgrp) return NO_LIMIT;
  id = cgrp->kn->id;
  limited = read_bandwidth(cgrp, &bandwidth);
  if (!limited && limits_used == NO_LIMIT + 1) return NO_LIMIT;
  found = bpf_map_lookup_elem(&limit_indexes, &id);
  if (!found && !limited) return NO_LIMIT;
  index = found ? *found : new_limit(id, level);
  limit = lookup_limit(index);
  if (!limit) {
    char reason[] = "more cgroups have a cpu.max than can be kept apart; the kernel's own scheduler enforces them";
    unsigned long long none = 0;

    scx_bpf_exit_bstr(TOO_MANY_LIMITS, reason, &none, 0);
    return NO_LIMIT;
  }
  if (limited)
    set_bandwidth(limit, &bandwidth, now);
  else
    limit->quota_ns = 0; /* it was lifted; its place stays, those who wait go by it */
  return limited ? index : NO_LIMIT;
}

static __always_inline void put_above(u32 below, u32 above) {
  struct mus_limit* limit = lookup_limit(below);

  if (limit && limit->up != above) limit->up = above;
}

/* All limits at the cgroup and above it, the lowest first; and which of these cgroups are idle. */
static __noinline int resolve_path(struct cgroup* cgrp, struct flow* flow, struct flow_path* path, u64 now) {
  u32 lowest = NO_LIMIT, below = NO_LIMIT, idle_levels = 0;
  s32 level;

  if (!cgrp || !flow || !path) return 0;
  bpf_for(level, 0, MUS_MAX_CGROUP_DEPTH) {
    s32 up = cgrp->level - level;
    struct cgroup* ancestor;
    u32 limit, place;

    if (up <= 0) break;
    ancestor = bpf_cgroup_ancestor(cgrp, up);
    if (!ancestor) break;
    place = up - 1;
    if (place < MUS_PATH_DEPTH) {
      path->ids[place] = (u32)ancestor->kn->id;
      if (is_idle_group(ancestor)) {
        idle_levels |= 1U << place;
        idle_groups = true;
      }
    }
    limit = limit_of(ancestor, up, now);
    bpf_cgroup_release(ancestor);
    if (limit == NO_LIMIT) continue;
    put_above(below, limit);
    if (lowest == NO_LIMIT) lowest = limit;
    below = limit;
  }
  put_above(below, NO_LIMIT);
  flow->limit = lowest;
  flow->idle_levels = idle_levels;
  return 0;
}

/* Nobody is in the cgroup any more, and nobody will be. */
static __always_inline void drop_limit(u64 cgroup_id) {
  u32* found = bpf_map_lookup_elem(&limit_indexes, &cgroup_id);
  struct mus_limit* limit;
  u32 index;

  if (!found) return;
  index = *found;
  if (bpf_map_delete_elem(&limit_indexes, &cgroup_id)) return;
  limit = lookup_limit(index);
  if (limit) limit->cgroup_id = limit->quota_ns = 0;
  bpf_map_push_elem(&free_limits, &index, 0);
}

/* The periods that have passed each bring a quota. */
static __always_inline void refill(struct mus_limit* limit, u64 now) {
  u64 period = limit->period_ns, began = limit->began, passed;
  s64 budget, filled, full;

  if (!period || mus_before(now, began + period)) return;
  passed = (now - began) / period;
  if (__sync_val_compare_and_swap(&limit->began, began, began + passed * period) != began) return;
  budget = limit->budget_ns;
  full = mus_full_budget(limit->quota_ns, limit->burst_ns);
  filled = mus_refill(budget, limit->quota_ns, full, passed);
  __sync_fetch_and_add(&limit->budget_ns, filled - budget);
  /* What several of them took at once beyond it is missing later. */
  limit->pardons_ns = mus_refill(limit->pardons_ns, limit->quota_ns, (s64)limit->quota_ns, passed);
  if (budget < full) limit->periods++;
  if (limit->throttled_at) limit->throttled_periods++;
}

/* A policy may lift a task's limits from some level downwards. */
static __always_inline bool binds(const struct mus_limit* limit, u32 lifted_from) {
  return limit->quota_ns && (!lifted_from || limit->level < lifted_from);
}

/* The lowest limit without a budget, of those from `limit` upwards; NO_LIMIT: none. Not static: see sample_load(). */
u32 exhausted(u32 limit, u32 lifted_from, u64 now) {
  u32 step;

  bpf_for(step, 0, MUS_MAX_CGROUP_DEPTH) {
    struct mus_limit* here = lookup_limit(limit);

    if (!here) break;
    if (binds(here, lifted_from)) {
      refill(here, now);
      if (here->budget_ns <= 0) return limit;
    }
    limit = here->up;
  }
  return NO_LIMIT;
}

int charge_limits(u32 limit, u32 lifted_from, u64 ran) {
  u32 step;

  bpf_for(step, 0, MUS_MAX_CGROUP_DEPTH) {
    struct mus_limit* here = lookup_limit(limit);

    if (!here) break;
    if (binds(here, lifted_from)) __sync_fetch_and_add(&here->budget_ns, -(s64)ran);
    limit = here->up;
  }
  return 0;
}

/* p runs on: is its cgroup under other limits than before? Seldom, and while it runs, so that what nobody uses costs
 * nothing. A path stays what it is for as long as the cgroup lives. */
static __always_inline void look_at_path(struct task_struct* p, struct task_ctx* tctx, u64 now) {
  struct flow* flow = lookup_flow(tctx->flow);
  struct flow_path* path;
  struct cgroup* cgrp;
  u64 seen;

  if (!flow) return;
  seen = flow->path_at;
  if (seen && now - seen < PATH_FRESH_NS) return;
  if (__sync_val_compare_and_swap(&flow->path_at, seen, now) != seen) return;
  cgrp = p->cgroups->dfl_cgrp;
  path = bpf_map_lookup_elem(&flow_paths, &tctx->flow);
  if (cgrp && path && cgrp->kn->id == flow->cgroup_id) resolve_path(cgrp, flow, path, now);
  tctx->limit = flow->limit;
}

#endif
