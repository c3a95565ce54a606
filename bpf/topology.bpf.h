/* SPDX-License-Identifier: GPL-2.0-only */
/* Which CPUs share a last-level cache, in which order caches are near each other: read by the daemon from sysfs before
 * it loads the program. A CPU that it did not see online has no cache here; see mus_cpu_online. */
#ifndef MUS_TOPOLOGY_BPF_H
#define MUS_TOPOLOGY_BPF_H

#include "compat.bpf.h"
#include "mus/abi.h"

const volatile u32 nr_cpu_ids = 1;
const volatile u32 nr_caches = 1;
const volatile bool smt_active;

const volatile u16 cpu_caches[MUS_MAX_CPUS];
/* CPU ids, those of a cache in a row, those of a node's caches in a row. */
const volatile u16 cpu_order[MUS_MAX_CPUS];
const volatile u32 nr_ordered_cpus = 1;
const volatile struct mus_cache caches[MUS_MAX_CACHES];
/* For each cache the others, nearest first. */
const volatile u8 near_caches[MUS_MAX_CACHES][MUS_MAX_CACHES];

/* The CPUs of each cache, and of its node, as the kernel's idle search wants them. */
struct cache_masks {
  struct bpf_cpumask __kptr* cpus;
  struct bpf_cpumask __kptr* node;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, MUS_MAX_CACHES);
  __type(key, u32);
  __type(value, struct cache_masks);
} cache_masks SEC(".maps");

/* MUS_NO_CACHE for a CPU that is not known. */
static __always_inline u32 cache_of(s32 cpu) {
  u64 index = (u32)cpu;

  barrier_var(index); /* as in ordered_cpu() */
  return index < MUS_MAX_CPUS ? cpu_caches[index] : MUS_NO_CACHE;
}

static __always_inline const volatile struct mus_cache* lookup_cache(u32 cache) {
  u64 index = cache;

  barrier_var(index);
  return index < MUS_MAX_CACHES ? &caches[index] : NULL;
}

static __always_inline u32 cache_size(u32 cache) {
  const volatile struct mus_cache* its = lookup_cache(cache);

  return its ? its->cpus : 0;
}

static __always_inline u32 cache_first(u32 cache) {
  const volatile struct mus_cache* its = lookup_cache(cache);

  return its ? its->first : 0;
}

static __always_inline u32 cache_node(u32 cache) {
  const volatile struct mus_cache* its = lookup_cache(cache);

  return its ? its->node : 0;
}

static __always_inline s32 ordered_cpu(u64 position) {
  barrier_var(position); /* or the compiler checks another register than the one that it adds */
  return position < MUS_MAX_CPUS ? cpu_order[position] : -1;
}

/* The CPU at a position of a cache. */
static __always_inline s32 cache_cpu(u32 cache, u32 position) {
  return cache < MUS_MAX_CACHES ? ordered_cpu((u64)cache_first(cache) + position) : -1;
}

static s32 make_masks(u32 cache) {
  struct bpf_cpumask *cpus, *node, *old;
  struct cache_masks* masks;
  u32 cpu, its_node;

  masks = bpf_map_lookup_elem(&cache_masks, &cache);
  if (!masks || cache >= MUS_MAX_CACHES) return -22; /* EINVAL */
  its_node = cache_node(cache);
  cpus = bpf_cpumask_create();
  if (!cpus) return -12; /* ENOMEM */
  node = bpf_cpumask_create();
  if (!node) {
    bpf_cpumask_release(cpus);
    return -12;
  }
  bpf_for(cpu, 0, nr_cpu_ids) {
    u32 other = cache_of(cpu);

    if (other == cache) bpf_cpumask_set_cpu(cpu, cpus);
    if (other < MUS_MAX_CACHES && cache_node(other) == its_node) bpf_cpumask_set_cpu(cpu, node);
  }
  old = bpf_kptr_xchg(&masks->cpus, cpus);
  if (old) bpf_cpumask_release(old);
  old = bpf_kptr_xchg(&masks->node, node);
  if (old) bpf_cpumask_release(old);
  return 0;
}

#endif
