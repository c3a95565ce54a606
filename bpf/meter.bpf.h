/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tasks of each flow have run, and how long they waited for a CPU. The daemon reads it whenever it likes. */
#ifndef MUS_METER_BPF_H
#define MUS_METER_BPF_H

#include "policy.bpf.h"
#include "topology.bpf.h"

/* Off only to measure what it costs. */
const volatile bool meters_on = true;

/* By CPU and flow; the daemon sets the size from the number of CPUs. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE); /* which besides aligns it to cache lines */
  __uint(max_entries, MUS_MAX_FLOWS);
  __type(key, u32);
  __type(value, struct mus_meter);
} meters SEC(".maps");

static __always_inline struct mus_meter* lookup_meter(u32 flow, u32 cpu) {
  u32 key = cpu * MUS_MAX_FLOWS + flow;

  return bpf_map_lookup_elem(&meters, &key);
}

static __always_inline void meter_run(u32 flow, u64 ran) {
  struct mus_meter* meter = meters_on ? lookup_meter(flow, bpf_get_smp_processor_id()) : NULL;

  if (meter) meter->cpu_time_ns += ran;
}

static __always_inline void meter_wait(u32 flow, u64 waited) {
  struct mus_meter* meter = meters_on ? lookup_meter(flow, bpf_get_smp_processor_id()) : NULL;
  u64 bucket = mus_wait_bucket(waited);

  barrier_var(bucket); /* as in ordered_cpu() */
  if (!meter || bucket >= MUS_WAIT_BUCKETS) return;
  meter->wait_ns += waited;
  meter->waits[bucket]++;
}

/* The next flow with this index begins at 0. */
static __always_inline void zero_meters(u32 flow) {
  u32 cpu;

  bpf_for(cpu, 0, nr_cpu_ids) {
    struct mus_meter* meter = lookup_meter(flow, cpu);

    if (meter) __builtin_memset(meter, 0, sizeof(*meter));
  }
}

#endif
