/* SPDX-License-Identifier: GPL-2.0-only */
/* An idle CPU for a task: near its caches, and a whole core before the sibling of a busy one. */
#ifndef MUS_IDLE_BPF_H
#define MUS_IDLE_BPF_H

#include "task.bpf.h"
#include "topology.bpf.h"

/* Off only to compare: the prototype never looked. */
const volatile bool idle_selection = true;

static __always_inline bool core_is_idle(s32 cpu) {
  const struct cpumask* idle_cores = scx_bpf_get_idle_smtmask();
  bool idle = bpf_cpumask_test_cpu(cpu, idle_cores);

  scx_bpf_put_idle_cpumask(idle_cores);
  return idle;
}

static __always_inline s32 pick_idle(const struct cpumask* among, u64 flags) {
  s32 cpu = scx_bpf_pick_idle_cpu(among, flags);

  return cpu >= 0 ? cpu : -1;
}

/* A whole core first, where cores have more than one thread. */
static __always_inline s32 pick_core_or_cpu(const struct cpumask* among) {
  s32 cpu = -1;

  if (smt_active) cpu = pick_idle(among, SCX_PICK_IDLE_CORE);
  return cpu >= 0 ? cpu : pick_idle(among, 0);
}

/* In the caches around prev. Only for tasks that may run everywhere: the masks know nothing of a task's own. */
static __always_inline s32 pick_near(s32 prev) {
  u32 cache = cache_of(prev);
  struct cache_masks* masks;
  s32 cpu = -1;

  if (cache >= MUS_MAX_CACHES) return -1;
  masks = bpf_map_lookup_elem(&cache_masks, &cache);
  if (!masks) return -1;
  if (masks->cpus) cpu = pick_core_or_cpu((const struct cpumask*)masks->cpus);
  if (cpu < 0 && masks->node) cpu = pick_core_or_cpu((const struct cpumask*)masks->node);
  return cpu;
}

/* Claims an idle CPU for p, or -1: its previous one, one of its cache, of its node, anywhere. On a machine with several
 * caches all tasks look that far: on a node with idle CPUs nobody should wait, boosted or not. */
static __always_inline s32 claim_idle_cpu(const struct task_struct* p, s32 prev) {
  bool prev_allowed = bpf_cpumask_test_cpu(prev, p->cpus_ptr);
  s32 cpu;

  if (!idle_selection) return -1;
  if (prev_allowed && (!smt_active || core_is_idle(prev)) && scx_bpf_test_and_clear_cpu_idle(prev)) return prev;
  if (nr_caches > 1 && p->nr_cpus_allowed >= (int)nr_ordered_cpus) {
    cpu = pick_near(prev);
    if (cpu >= 0) return cpu;
  }
  if (smt_active) {
    cpu = pick_idle(p->cpus_ptr, SCX_PICK_IDLE_CORE);
    if (cpu >= 0) return cpu;
    if (prev_allowed && scx_bpf_test_and_clear_cpu_idle(prev)) return prev;
  }
  return pick_idle(p->cpus_ptr, 0);
}

#endif
