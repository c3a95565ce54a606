/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether cgroups have had to wait for each other, for the daemon, which divides CPU time while they do. */
#ifndef MUS_CONTENTION_BPF_H
#define MUS_CONTENTION_BPF_H

#include "task.bpf.h"

/* Of enum mus_contention. Not 0 at the start, so that it lies beside what is seldom written, too. */
volatile u32 contention = MUS_CONTENDED;

/* Readable once MUS_CONTENDED came to MUS_TELL. What is in it does not matter. */
struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096); /* the least: a page */
} contention_bell SEC(".maps");

/* A task that is ready to run found no CPU idle. The line is written twice at most for each look of the daemon. */
static __always_inline void note_contention(const struct task_ctx* tctx) {
  u32 seen = contention, waiter = tctx->flow + 1, first = seen & MUS_FIRST_WAITER;
  u8 nothing = 0;

  if (seen & MUS_CONTENDED || first == waiter) return;
  /* Kernel threads and the daemon wake all the time and run briefly. They compete if that was not enough. */
  if (tctx->flow == NO_FLOW && !has_run(tctx)) return;
  if (!first) {
    /* Who loses a race will wait again. */
    __sync_val_compare_and_swap(&contention, seen, seen | waiter);
    return;
  }
  seen = __sync_fetch_and_or(&contention, MUS_CONTENDED);
  if (seen & MUS_CONTENDED || !(seen & MUS_TELL)) return;
  bpf_ringbuf_output(&contention_bell, &nothing, sizeof(nothing), BPF_RB_FORCE_WAKEUP);
}

#endif
