/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether anybody has had to wait for a CPU, for the daemon, which divides CPU time while somebody does. */
#ifndef MUS_CONTENTION_BPF_H
#define MUS_CONTENTION_BPF_H

#include "policy.bpf.h"

/* enum mus_contention. Not 0 at the start, so that it lies beside what is seldom written, too. */
volatile u32 contention = MUS_CONTENDED;

/* Readable once contention went from MUS_TELL to MUS_CONTENDED. What is in it does not matter. */
struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096); /* the least: a page */
} contention_bell SEC(".maps");

/* A task that is ready to run found no CPU idle. The line is written once for each look of the daemon. */
static __always_inline void note_contention(void) {
  u8 nothing = 0;

  if (contention == MUS_CONTENDED) return;
  if (__sync_lock_test_and_set(&contention, MUS_CONTENDED) != MUS_TELL) return;
  bpf_ringbuf_output(&contention_bell, &nothing, sizeof(nothing), BPF_RB_FORCE_WAKEUP);
}

#endif
