/* SPDX-License-Identifier: GPL-2.0-only */
/* Which of its queues a CPU serves next, and where it helps out when they are empty or their time passes faster. */
#ifndef MUS_TURN_BPF_H
#define MUS_TURN_BPF_H

#include "queue.bpf.h"

#define TAIL_SCAN 1024    /* queue entries looked at for one that has waited for too long ... */
#define RELIEF_ATTEMPTS 4 /* ... so often, if other CPUs take what is found */

/* Whether a queue of this CPU can hold anything at all: most machines use no class but the first, and one with a single
 * CPU not even that. */
static __always_inline bool turn_in_use(u32 turn, s32 cpu, const struct cpu_ctx* cctx) {
  if (turn >= MUS_CLASSES) return cctx->pinned;
  return turn ? class_in_use(queue_of_turn(turn, cpu)) : nr_cpu_ids > 1;
}

/* Looks at a queue's head. What it finds goes to the map and not on the stack: of that the verifier would follow every
 * combination. For the same reason this and others below are not static: the verifier walks a global function once,
 * whoever calls it. */
int look(s32 cpu, u32 turn) {
  struct cpu_ctx* cctx = lookup_cpu(cpu);
  struct cpu_turn* here = cctx ? lookup_turn(cctx, turn) : NULL;
  u32 queue = queue_of_turn(turn, cpu);
  struct queue_head head;

  if (!here) return 0;
  if (!scx_bpf_dsq_nr_queued(dsq_of(queue))) {
    cctx->next.waiting &= ~(1 << turn);
    if (turn == MUS_CLASSES) cctx->pinned = 0;
    return 0;
  }
  head = peek(queue, cpu);
  here->found = head.found;
  if (!head.found) return 0;
  here->head = head.vtime;
  here->vtime = head.vtime + skew(cctx, queue, cpu);
  if (!cctx->next.found || mus_before(here->vtime, cctx->next.vtime)) {
    cctx->next.found = 1;
    cctx->next.vtime = here->vtime;
    cctx->next.turn = turn;
  }
  return 0;
}

/* The earliest head's turn, unless another queue has been passed over for too long: into cctx->next. With one queue in
 * use and no rival, that is a task that could go on instead, there is nothing to compare: to look into a queue costs as
 * much as to fetch from it. */
int choose_turn(s32 cpu, u64 now, bool rival) {
  struct cpu_ctx* cctx = lookup_cpu(cpu);
  u32 turn;

  if (!cctx) return 0;
  cctx->next.waiting = cctx->next.found = cctx->next.forced = 0;
#pragma unroll
  for (turn = 0; turn < MUS_TURNS; turn++) {
    cctx->turns[turn].found = 0;
    if (!turn_in_use(turn, cpu, cctx)) continue;
    cctx->next.waiting |= 1 << turn;
    cctx->next.turn = turn;
  }
  if (!rival && cctx->next.waiting == 1 << cctx->next.turn) {
    cctx->next.found = 1;
  } else {
#pragma unroll
    for (turn = 0; turn < MUS_TURNS; turn++) {
      if (cctx->next.waiting & 1 << turn) look(cpu, turn);
    }
  }
#pragma unroll
  for (turn = 0; turn < MUS_TURNS; turn++) {
    struct cpu_turn* here = &cctx->turns[turn];

    if (!here->found || turn == cctx->next.turn) {
      here->passed_over = 0;
    } else if (!here->passed_over) {
      here->passed_over = now;
    } else if (now - here->passed_over > MUS_MAX_PASSED_OVER_NS) {
      here->passed_over = 0;
      cctx->next.turn = turn;
      cctx->next.vtime = here->vtime;
      cctx->next.forced = 1;
      break;
    }
  }
  return 0;
}

static __always_inline bool serve(s32 cpu, u32 turn) {
  return mus_move_to_local(dsq_of(queue_of_turn(turn, cpu)));
}

/* The chosen head may be gone, taken by another CPU, when it is fetched; and one for this CPU may stand further back
 * than was looked. */
static __always_inline bool serve_any(const struct cpu_ctx* cctx, s32 cpu) {
  u32 first = cctx->next.turn, turn;

  if (!cctx->next.waiting) return false;
  if (cctx->next.found && serve(cpu, first)) return true;
#pragma unroll
  for (turn = 0; turn < MUS_TURNS; turn++) {
    if (cctx->next.found && turn == first) continue;
    if (cctx->next.waiting & 1 << turn && serve(cpu, turn)) return true;
  }
  return false;
}

/* Since when the task that has waited longest does, of those at a queue's tail that may run on this CPU; `since` if
 * none has waited longer than from then on. */
static __noinline u64 longest_waiting(struct cpu_ctx* cctx, u64 dsq, s32 cpu, u64 since) {
  struct task_struct* p;

  if (!scx_bpf_dsq_nr_queued(dsq)) return since;
  cctx->scanned = 0;
  bpf_for_each(scx_dsq, p, dsq, SCX_DSQ_ITER_REV) {
    struct task_ctx* tctx;

    if (++cctx->scanned > TAIL_SCAN) break;
    tctx = lookup_task(p);
    if (!tctx || !tctx->unserved_at || !mus_before(tctx->unserved_at, since)) continue;
    if (bpf_cpumask_test_cpu(cpu, p->cpus_ptr)) since = tctx->unserved_at;
  }
  return since;
}

static __noinline bool serve_waiting_since(struct cpu_ctx* cctx, u64 dsq, s32 cpu, u64 since) {
  struct task_struct* p;

  cctx->scanned = 0;
  bpf_for_each(scx_dsq, p, dsq, SCX_DSQ_ITER_REV) {
    struct task_ctx* tctx;

    if (++cctx->scanned > TAIL_SCAN) break;
    tctx = lookup_task(p);
    if (!tctx || tctx->unserved_at != since || !bpf_cpumask_test_cpu(cpu, p->cpus_ptr)) continue;
    if (!mus_dsq_move(MUS_THIS_ITERATOR, p, SCX_DSQ_LOCAL_ON | cpu)) continue;
    tctx->queued = false; /* out of order: it must not take the clock along */
    return true;
  }
  return false;
}

enum relief {
  RELIEF_NONE, /* nobody has waited for too long */
  RELIEF_LOST, /* somebody has, and another CPU was faster */
  RELIEF_DONE,
};

/* Serves the task that has waited longest, if that is too long. */
int relieve_longest(s32 cpu, u64 now) {
  u64 since = now - MUS_MAX_WAIT_NS, queue = 0;
  struct cpu_ctx* cctx = lookup_cpu(cpu);
  u32 turn;

  if (!cctx) return RELIEF_NONE;
#pragma unroll
  for (turn = 0; turn < MUS_TURNS; turn++) {
    u64 dsq = dsq_of(queue_of_turn(turn, cpu)), longest;

    if (!turn_in_use(turn, cpu, cctx)) continue;
    longest = longest_waiting(cctx, dsq, cpu, since);
    if (longest == since) continue;
    since = longest;
    queue = dsq;
  }
  if (!queue) return RELIEF_NONE;
  return serve_waiting_since(cctx, queue, cpu, since) ? RELIEF_DONE : RELIEF_LOST;
}

/* The net under all of this: a task that has waited for too long runs next, wherever it stands. Those that are furthest
 * ahead stand at the tail, so that is where it looks. CPUs look at the same tick and find the same task; whoever loses
 * it takes the next: otherwise only one of them would serve all that wait. */
static __always_inline bool relieve(struct cpu_ctx* cctx, s32 cpu, u64 now) {
  u32 attempt;

  if (now - cctx->relieved_at < MUS_RELIEVE_EVERY_NS) return false;
  bpf_for(attempt, 0, RELIEF_ATTEMPTS) {
    int relief = relieve_longest(cpu, now);

    if (relief == RELIEF_LOST) continue;
    if (relief == RELIEF_DONE) {
      count(MUS_RELIEVED);
      return true;
    }
    cctx->relieved_at = now;
    return false;
  }
  return false;
}

/* How fast the time of a cache's first queue passed of late: where it passes fast, little weight shares the CPUs. */
struct cache_pace {
  u64 since; /* of the present window */
  u64 clock; /* when it began */
  u64 pace;  /* of the last one: vtime in MUS_PACE_WINDOW_NS */
} __attribute__((aligned(MUS_CACHE_LINE)));

static struct cache_pace paces[MUS_MAX_CACHES];

static __always_inline bool take_from(u32 cache) {
  u32 class;

  bpf_for(class, 0, MUS_CLASSES) {
    if (mus_move_to_local(dsq_of(cache * MUS_CLASSES + class))) return true;
  }
  return false;
}

/* Nothing to do here: a task from another cache, the nearest first. */
static __always_inline bool serve_other_cache(s32 cpu) {
  u32 cache = cache_of(cpu), i;

  if (cache >= MUS_MAX_CACHES || nr_caches < 2) return false;
  bpf_for(i, 0, nr_caches - 1) {
    if (i >= MUS_MAX_CACHES) break;
    if (take_from(near_caches[cache][i])) return true;
  }
  return false;
}

/* Once in a while one CPU of a cache compares its pace with that of another cache, chosen at random, one of another
 * node every fourth time. Where time passes slower there by a quarter or more, too much weight is there: one task comes
 * over. */
static __always_inline bool balance(s32 cpu, u64 now) {
  u32 cache = cache_of(cpu), other, random;
  u64 since, clock, first;

  if (cache >= MUS_MAX_CACHES || nr_caches < 2) return false;
  since = paces[cache].since;
  if (now - since < MUS_PACE_WINDOW_NS) return false;
  if (__sync_val_compare_and_swap(&paces[cache].since, since, now) != since) return false;
  first = cache * MUS_CLASSES;
  clock = clock_of(first);
  paces[cache].pace = mus_pace(clock - paces[cache].clock, now - since, scx_bpf_dsq_nr_queued(dsq_of(first)));
  paces[cache].clock = clock;
  random = bpf_get_prandom_u32();
  other = near_caches[cache][(random >> 8) % (nr_caches - 1) % MUS_MAX_CACHES];
  if (other >= MUS_MAX_CACHES || (cache_node(other) != cache_node(cache) && random % 4)) return false;
  if (!mus_unbalanced(paces[cache].pace, paces[other].pace) || scx_bpf_dsq_nr_queued(dsq_of(other * MUS_CLASSES)) < 1)
    return false;
  if (!mus_move_to_local(dsq_of(other * MUS_CLASSES))) return false;
  count(MUS_BALANCED);
  return true;
}

#endif
