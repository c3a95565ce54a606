/* SPDX-License-Identifier: GPL-2.0-only */
/* Shares: what each cgroup has of the level above it, flattened into one number by the daemon. */
#ifndef MUS_SHARE_BPF_H
#define MUS_SHARE_BPF_H

#include "policy.bpf.h"

#define SHARES_OF_100 1024 /* struct task_group's for a cpu.weight of 100 */

/* Off only to measure what it does: every cgroup then has the share 1. */
const volatile bool cpu_weight = true;

/* By flow. Read at each enqueue, written a few dozen times a second. */
struct mus_share flow_shares[MUS_MAX_FLOWS];

/* Of a thread of the root cgroup, and the heaviest in force, boosts included; written by the daemon. */
volatile u32 root_share = MUS_SHARE_ONE;
volatile u32 max_share = MUS_SHARE_ONE;

/* The parts of the kernel's structs that are of interest. They are not there without CONFIG_FAIR_GROUP_SCHED and
 * CONFIG_CFS_BANDWIDTH. */
struct cfs_bandwidth___mus {
  s64 period; /* ns */
  u64 quota;
  u64 burst;
} __attribute__((preserve_access_index));

struct task_group___mus {
  unsigned long shares;
  int idle; /* cpu.idle */
  struct cfs_bandwidth___mus cfs_bandwidth;
} __attribute__((preserve_access_index));

static __always_inline struct mus_share* lookup_share(u32 flow) {
  u64 index = flow;

  barrier_var(index); /* as in ordered_cpu() */
  return index < MUS_MAX_FLOWS ? &flow_shares[index] : NULL;
}

/* NULL where the cpu controller is off. */
static __always_inline struct task_group___mus* task_group_of(const struct cgroup* cgrp) {
  struct task_group___mus* group = NULL;
  const void* slot;

  slot = (const void*)__builtin_preserve_access_index(&cgrp->subsys);
  slot += bpf_core_enum_value(enum cgroup_subsys_id, cpu_cgrp_id) * sizeof(void*);
  /* The state of the controller is the first member of its struct task_group. */
  return bpf_probe_read_kernel(&group, sizeof(group), slot) ? NULL : group;
}

/* cpu.weight as the kernel keeps it, cpu.idle included; 0 where the cpu controller is off. It is updated whichever
 * scheduler runs (kernel/sched/fair.c, __sched_group_set_shares()), so no callback and no file is needed. */
static __noinline u32 group_shares(const struct cgroup* cgrp) {
  struct task_group___mus* group = NULL;

  if (!cgrp || !bpf_core_field_exists(group->shares)) return SHARES_OF_100;
  group = task_group_of(cgrp);
  return group ? BPF_CORE_READ(group, shares) >> 10 : 0; /* scale_load() of 64-bit kernels */
}

#endif
