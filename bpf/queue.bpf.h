/* SPDX-License-Identifier: GPL-2.0-only */
/* The vtime queues: one for the machine, one per CPU for tasks that cannot leave theirs; and whose turn it is. */
#ifndef MUS_QUEUE_BPF_H
#define MUS_QUEUE_BPF_H

#include "clock.bpf.h"

#define SHARED_DSQ 0x10000ULL
#define PINNED_DSQ 0x20000ULL /* + cpu */
#define HEAD_SCAN 8           /* queue entries looked at for one that may run on this CPU */

struct queue_head {
  u64 vtime; /* of the first task that may run on this CPU: the same that moving from the queue would take */
  bool found;
};

/* `clock`: of the queue, moved up to its first task. */
static __always_inline struct queue_head peek(u64 dsq, s32 cpu, u64* clock) {
  struct queue_head head = {};
  struct task_struct* p;
  u32 scanned = 0;

  if (!scx_bpf_dsq_nr_queued(dsq)) return head;
  bpf_for_each(scx_dsq, p, dsq, 0) {
    if (!scanned) advance_clock(clock, p->scx.dsq_vtime);
    if (bpf_cpumask_test_cpu(cpu, p->cpus_ptr)) {
      head.vtime = p->scx.dsq_vtime;
      head.found = true;
      break;
    }
    if (++scanned >= HEAD_SCAN) break;
  }
  return head;
}

struct turn {
  bool pinned; /* the pinned queue's, else the shared one's */
  bool forced; /* it has been passed over for too long */
};

/* The earlier head's turn, unless the other queue has been passed over for too long. */
static __always_inline struct turn choose_queue(struct cpu_ctx* cctx, struct queue_head pinned,
                                                struct queue_head shared, u64 now) {
  bool first = pinned.found && (!shared.found || !mus_before(shared.vtime, pinned.vtime));
  struct turn turn = {.pinned = first};

  if (!pinned.found || !shared.found) {
    cctx->passed_over = 0;
  } else if (!cctx->passed_over || first != cctx->pinned_turn) {
    cctx->pinned_turn = first;
    cctx->passed_over = now;
  } else if (now - cctx->passed_over > MUS_MAX_PASSED_OVER_NS) {
    cctx->passed_over = now;
    turn.pinned = !first;
    turn.forced = true;
  }
  return turn;
}

#endif
