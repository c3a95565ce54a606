/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cpu.idle as Linux has it (kernel/sched/fair.c, wakeup_preempt_fair()): where the ways of two cgroups part, below
 * their lowest common ancestor, the one that is idle there makes way for the other's tasks when they wake, and never
 * takes a CPU from them. That it also weighs next to nothing is in its share.
 */
#ifndef MUS_RANK_BPF_H
#define MUS_RANK_BPF_H

#include "flow.bpf.h"

#define MUS_PATH_DEPTH 16 /* levels looked at; what is idle below does not count */

/* The way from the root to a flow's cgroup: of each directory the lower half of its id, which tells siblings apart. */
struct flow_path {
  u32 ids[MUS_PATH_DEPTH]; /* [0]: a child of the root; 0: beyond the cgroup itself */
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, MUS_MAX_FLOWS);
  __type(key, u32);
  __type(value, struct flow_path);
} flow_paths SEC(".maps");

/* Whether there was ever an idle one: most machines have none, and then nothing is compared. */
static bool idle_groups;

static __always_inline bool is_idle_group(const struct cgroup* cgrp) {
  struct task_group___mus* group = task_group_of(cgrp);

  return group && bpf_core_field_exists(group->idle) && BPF_CORE_READ(group, idle) > 0;
}

/* Above 0: tasks of flow `a` go before those of `b`; below 0: the other way round. A thread of the root cgroup has an
 * empty path. Not static: see sample_load(). */
int rank(u32 a, u32 b) {
  struct flow_path *path_a = bpf_map_lookup_elem(&flow_paths, &a), *path_b = bpf_map_lookup_elem(&flow_paths, &b);
  struct flow *flow_a = lookup_flow(a), *flow_b = lookup_flow(b);
  u32 level;

  if (!path_a || !path_b || !flow_a || !flow_b || a == b) return 0;
  bpf_for(level, 0, MUS_PATH_DEPTH) {
    if (level >= MUS_PATH_DEPTH) break;
    if (path_a->ids[level] == path_b->ids[level]) continue;
    return (int)(flow_b->idle_levels >> level & 1) - (int)(flow_a->idle_levels >> level & 1);
  }
  return 0;
}

#endif
