/* SPDX-License-Identifier: GPL-2.0-only */
/* The scheduler's own life: its queues are made, CPUs come and go, it ends and leaves the reason. */
#ifndef MUS_LIFE_BPF_H
#define MUS_LIFE_BPF_H

#include "park.bpf.h"
#include "queue.bpf.h"
#include "topology.bpf.h"

/* SCX_ECODE_ACT_RESTART | SCX_ECODE_RSN_HOTPLUG of enum scx_exit_code */
#define RESTART_FOR_HOTPLUG (1ULL << 48 | 1ULL << 32)

struct mus_exit_record exit_record;

/* Without these two the kernel ejects the scheduler at each hotplug. Queues exist for every CPU id; but where a CPU
 * belongs that was offline when the daemon read the topology is not known: it is asked to load us again. */
SEC("struct_ops/mus_cpu_online")
void BPF_PROG(mus_cpu_online, s32 cpu) {
  char reason[] = "a CPU came that is not in the topology";
  unsigned long long none = 0;

  if (cache_of(cpu) < MUS_MAX_CACHES) return;
  scx_bpf_exit_bstr(RESTART_FOR_HOTPLUG, reason, &none, 0);
}

SEC("struct_ops/mus_cpu_offline")
void BPF_PROG(mus_cpu_offline, s32 cpu) {}

SEC("struct_ops.s/mus_init")
s32 BPF_PROG(mus_init) {
  u32 index;
  s32 err;

  bpf_for(index, 0, nr_caches * MUS_CLASSES) {
    err = scx_bpf_create_dsq(dsq_of(index), -1);
    if (err) return err;
  }
  bpf_for(index, 0, nr_cpu_ids) {
    err = scx_bpf_create_dsq(dsq_of(PINNED_QUEUES + index), -1);
    if (err) return err;
  }
  bpf_for(index, NO_LIMIT + 1, MUS_MAX_LIMITS) {
    err = make_limit(index);
    if (err) return err;
  }
  bpf_for(index, 0, nr_caches) {
    err = make_masks(index);
    if (err) return err;
  }
  return 0;
}

SEC("struct_ops/mus_exit")
void BPF_PROG(mus_exit, struct scx_exit_info* info) {
  bpf_probe_read_kernel_str(exit_record.reason, sizeof(exit_record.reason), info->reason);
  bpf_probe_read_kernel_str(exit_record.message, sizeof(exit_record.message), info->msg);
  exit_record.code = info->exit_code;
  /* Last, so that a reader that sees it sees the rest. */
  __sync_lock_test_and_set(&exit_record.kind, info->kind);
}

#endif
