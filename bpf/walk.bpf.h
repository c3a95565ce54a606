/* SPDX-License-Identifier: GPL-2.0-only */
/* The tree of cgroups as the daemon needs it to divide CPU time: a walk that it asks for, outside all scheduling. */
#ifndef MUS_WALK_BPF_H
#define MUS_WALK_BPF_H

#include "limit.bpf.h"
#include "task.bpf.h"

/* What the last walk found. The daemon reads these; only one walk is under way at a time. */
struct mus_cgroup_record cgroup_records[MUS_MAX_CGROUPS];
u32 cgroups_found; /* may be more than there are records for */

/* Tasks keep their css_set, and that its cgroup. (The kernel's own counter of these has moved between versions.) */
static __always_inline bool populated(const struct cgroup* cgrp) {
  return (u64)cgrp->cset_links.next != (u64)&cgrp->cset_links || cgrp->nr_populated_domain_children ||
         cgrp->nr_populated_threaded_children;
}

static __noinline s64 threads_of(u32 flow) {
  s64 threads = 0;
  u32 cpu;

  bpf_for(cpu, 0, nr_cpu_ids) {
    struct flow_cpu* there = lookup_flow_cpu(flow, cpu);

    if (there) threads += there->load;
  }
  return threads;
}

/* Once for each cgroup, parents first, under cgroup_mutex. */
SEC("iter/cgroup")
int mus_walk(struct bpf_iter__cgroup* context) {
  struct cgroup *cgrp = context->cgroup, *parent;
  struct mus_cgroup_record* record;
  struct bandwidth bandwidth = {};
  struct flow* flow;
  u64 index, id, generation = policy_generation;

  if (!cgrp) return 0;
  if (cgrp->level == 0) {
    cgroups_found = 0;
    return 0;
  }
  if (!populated(cgrp)) return 0;
  index = cgroups_found++;
  barrier_var(index); /* as in ordered_cpu() */
  if (index >= MUS_MAX_CGROUPS) return 0;
  record = &cgroup_records[index];
  id = cgrp->kn->id;
  parent = (struct cgroup*)cgrp->self.parent; /* its first member is what this points to */
  record->id = id;
  record->parent = cgrp->level > 1 ? BPF_CORE_READ(parent, kn, id) : 0;
  record->shares = group_shares(cgrp);
  record->flow = flow_of(NULL, id);
  record->load = record->flow == NO_FLOW ? 0 : threads_of(record->flow);
  flow = lookup_flow(record->flow);
  /* So that shares go by a change as soon as tasks do, also those of a cgroup that sleeps. */
  if (flow && record->flow != NO_FLOW && flow->generation != generation) {
    resolve_policy(cgrp, flow);
    flow->generation = generation;
  }
  record->boost = flow ? flow->boost : MUS_WEIGHT_ONE;
  record->lifted_from = flow ? flow->lifted_from : 0;
  record->level = cgrp->level;
  record->birth = flow ? flow->birth : 0;
  record->quota_ns = read_bandwidth(cgrp, &bandwidth) ? bandwidth.quota_ns : 0;
  record->period_ns = bandwidth.period_ns;
  return 0;
}

#endif
