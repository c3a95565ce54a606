/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The vtime queues and their clocks. Each last-level cache has one for tasks that may run on all its CPUs and some for
 * the other sets of CPUs that tasks are confined to there (a pool of shared CPUs, an exclusive cpuset); each CPU has
 * one for tasks that cannot leave it. A task's vtime counts on the clock of its queue, and moves over when that
 * changes.
 *
 * Why several clocks: tasks confined to other CPUs progress at another rate. On one clock with all others they would
 * fall behind it or run ahead of it for ever, and the clamp would pull them onto one line: their weights would be gone.
 * Why they are comparable nevertheless: on a CPU that serves several, the earliest head must win. Each CPU keeps its
 * queues' skews to the clock of its cache, moved for all tasks of a queue at once, and only when the two have come
 * apart by more than the lag.
 *
 * A clock is where the earliest of its queue's tasks stands that wait or run: whoever wakes is placed there. Of those
 * that run only the start of their turn is known; see advance_clock(). A queue's head may be far ahead of its clock, a
 * light task beside a heavy one that runs: the skew goes by both.
 */
#ifndef MUS_QUEUE_BPF_H
#define MUS_QUEUE_BPF_H

#include "cpu.bpf.h"
#include "task.bpf.h"

#define PINNED_QUEUES (MUS_MAX_CACHES * MUS_CLASSES) /* + cpu; before them cache * MUS_CLASSES + class */
#define NR_QUEUES (PINNED_QUEUES + MUS_MAX_CPUS)
#define FIRST_DSQ 0x10000ULL

#define HEAD_SCAN 8 /* queue entries looked at for one that may run on this CPU */

/* After this long a CPU's note of what it runs is not believed any more; it is renewed at each slice. */
#define HOLDS_NS (20 * MUS_NSEC_PER_MSEC)

/* Advancing the clock in steps keeps its cache line shared between CPUs at most wakeups. */
#define CLOCK_STEP_NS (MUS_NSEC_PER_MSEC / 10)

const volatile u64 lag_ns = MUS_LAG_NS;

struct queue {
  u64 clock;
  u64 moved_at; /* bpf_ktime_get_ns() */
} __attribute__((aligned(MUS_CACHE_LINE)));

static struct queue queues[NR_QUEUES];

/* Which set of CPUs a class of a cache stands for; 0: free. Class 0 is that of all CPUs and not in use here. */
static u64 class_keys[MUS_MAX_CACHES * MUS_CLASSES];

static __always_inline struct queue* lookup_queue(u32 queue) {
  u64 index = queue;

  barrier_var(index); /* as in ordered_cpu() */
  return index < NR_QUEUES ? &queues[index] : NULL;
}

static __always_inline u64 dsq_of(u32 queue) {
  return FIRST_DSQ + queue;
}

static __always_inline u64 clock_of(u32 queue) {
  struct queue* q = lookup_queue(queue);

  return q ? q->clock : 0;
}

static __always_inline bool class_in_use(u32 queue) {
  u64 index = queue;

  barrier_var(index);
  return index < MUS_MAX_CACHES * MUS_CLASSES && class_keys[index];
}

static __always_inline bool is_pinned_queue(u32 queue) {
  return queue >= PINNED_QUEUES;
}

/* The set of CPUs of a cache that p may use, as a number: 0 for all of them. */
static __noinline u64 class_key(struct task_struct* p, u32 cache) {
  u32 position, size = cache_size(cache), allowed = 0;
  u64 key = 14695981039346656037ULL; /* FNV-1a */

  bpf_for(position, 0, size) {
    s32 cpu = cache_cpu(cache, position);

    if (cpu < 0 || !bpf_cpumask_test_cpu(cpu, p->cpus_ptr)) continue;
    key = (key ^ position) * 1099511628211ULL;
    allowed++;
  }
  return allowed == size ? 0 : key | 1;
}

/* The class of a key; MUS_CLASSES when all are taken by others. One that nobody waits in is free to take: its tasks
 * look their class up again when they queue next, and keep their place. Not static: see sample_load(). */
u32 find_class(u32 cache, u64 key) {
  u32 class;

  if (!key) return 0;
  bpf_for(class, 1, MUS_CLASSES) {
    u32 index = cache * MUS_CLASSES + class;

    if (index < MUS_MAX_CACHES * MUS_CLASSES && class_keys[index] == key) return class;
  }
  bpf_for(class, 1, MUS_CLASSES) {
    u32 index = cache * MUS_CLASSES + class;
    u64 seen;

    if (index >= MUS_MAX_CACHES * MUS_CLASSES) break;
    seen = class_keys[index];
    if (seen && scx_bpf_dsq_nr_queued(dsq_of(index))) continue;
    if (__sync_val_compare_and_swap(&class_keys[index], seen, key) == seen) return class;
  }
  return MUS_CLASSES;
}

static __always_inline bool migration_disabled(const struct task_struct* p) {
  struct cpu_ctx* here = lookup_cpu(bpf_get_smp_processor_id());

  return mus_migration_disabled(p, here && here->releasing ? 2 : 1);
}

/* Where p belongs when it is on that CPU. */
static __always_inline u32 home_queue(struct task_struct* p, struct task_ctx* tctx, s32 cpu) {
  u32 cache = cache_of(cpu), class;

  if (p->nr_cpus_allowed == 1 || migration_disabled(p) || cache >= MUS_MAX_CACHES) return PINNED_QUEUES + cpu;
  if (tctx->class_cache != cache) {
    tctx->class_key = class_key(p, cache);
    tctx->class_cache = cache;
  }
  class = find_class(cache, tctx->class_key);
  /* Too many different cpusets: those that came last stay where they are until a CPU of theirs is idle. */
  return class < MUS_CLASSES ? cache * MUS_CLASSES + class : PINNED_QUEUES + cpu;
}

/* The first task of a cache's queue, far ahead of its clock, has a CPU while others run that are behind it: it was all
 * that waited when that CPU became free. With the clock so far ahead, all that wake would wait until those others are
 * there, too. So the clock goes no further than to the last of them, or twice as fast as that one does: a task that
 * cannot use its share falls behind for ever. Not static: see look(). */
u64 held_clock(u32 queue, u64 clock, u64 vtime, u64 passed_ns, u64 now) {
  u32 cache = queue / MUS_CLASSES, position, size = cache_size(cache);
  u64 last = vtime;

  bpf_for(position, 0, size) {
    struct cpu_ctx* there = lookup_cpu(cache_cpu(cache, position));
    u64 held, most;

    if (!there || there->holds != queue + 1 || mus_before(there->since + HOLDS_NS, now)) continue;
    held = there->held;
    most = clock + 2 * mus_vtime_delta(passed_ns, there->rate);
    if (mus_before(held, most)) held = most;
    if (mus_before(held, last)) last = held;
  }
  return last;
}

static __always_inline void advance_clock(u32 queue, u64 vtime, u64 now) {
  struct queue* q = lookup_queue(queue);
  u64 clock;

  if (!q) return;
  clock = q->clock;
  /* A lost race leaves the clock a little behind; the next task through the queue moves it again. */
  if (!mus_before(clock + CLOCK_STEP_NS, vtime)) return;
  if (!is_pinned_queue(queue) && mus_before(clock + lag_ns, vtime)) {
    vtime = held_clock(queue, clock, vtime, now - q->moved_at, now);
    if (!mus_before(clock, vtime)) return;
  }
  q->clock = vtime;
  q->moved_at = now;
}

/* The task now belongs to that queue: same distance from the new clock as from the old one. */
static __always_inline void join_queue(struct task_struct* p, struct task_ctx* tctx, u32 queue) {
  if (tctx->queue == queue) return;
  p->scx.dsq_vtime += clock_of(queue) - clock_of(tctx->queue);
  tctx->queue = queue;
  tctx->joined = true;
}

/* Which of a CPU's turns serves a queue: its class in the cache, or the last for the CPU's own. */
static __always_inline u32 turn_of(u32 queue) {
  return is_pinned_queue(queue) ? MUS_CLASSES : queue % MUS_CLASSES;
}

static __always_inline u32 queue_of_turn(u32 turn, s32 cpu) {
  u32 cache = cache_of(cpu);

  if (turn >= MUS_CLASSES || cache >= MUS_MAX_CACHES) return PINNED_QUEUES + cpu;
  return cache * MUS_CLASSES + turn;
}

/* What to add to the vtime of a queue's task to compare it on that CPU. What lies between clock and head of that queue
 * and of the cache's first is kept within the lag of each other: measured from clock to clock, the head of a queue that
 * stands far ahead of its clock would be carried along for ever, and never served. Time passes in a queue, too, while
 * nobody of it is served. */
static __always_inline u64 skew(struct cpu_ctx* cctx, u32 queue, s32 cpu) {
  u32 turn = turn_of(queue);
  struct cpu_turn *here, *first = &cctx->turns[0];
  u64 base, ahead, clock, head, skew;
  struct queue* q;

  /* With one CPU, all that is confined to it is in one queue. */
  if (turn == 0 || nr_cpu_ids == 1) return 0;
  here = lookup_turn(cctx, turn);
  q = lookup_queue(queue);
  if (!here || !q || cache_of(cpu) >= MUS_MAX_CACHES) return 0;
  base = ahead = clock_of(queue_of_turn(0, cpu));
  if (first->found && mus_before(base, first->head)) ahead = first->head;
  clock = head = q->clock;
  if (here->found && mus_before(clock, here->head)) head = here->head;
  skew = here->skew;
  if (mus_before(ahead + lag_ns, clock + skew))
    skew = ahead + lag_ns - clock;
  else if (mus_before(head + skew + lag_ns, base))
    skew = base - lag_ns - head;
  if (here->skew != skew) here->skew = skew;
  if (mus_before(clock + skew + lag_ns + CLOCK_STEP_NS, base)) q->clock = base - lag_ns - skew;
  return skew;
}

/* vtime of p on the scale of a CPU's cache, where p's queue is one of those that it serves. */
static __always_inline u64 comparable_vtime(const struct task_struct* p, const struct task_ctx* tctx, s32 cpu) {
  struct cpu_ctx* cctx = lookup_cpu(cpu);

  return p->scx.dsq_vtime + (cctx ? skew(cctx, tctx->queue, cpu) : 0);
}

/* p runs on that CPU from now on, or goes on. */
static __always_inline void note_task(const struct task_struct* p, const struct task_ctx* tctx, struct cpu_ctx* cctx,
                                      s32 cpu, u64 now) {
  cctx->holds = tctx->queue + 1;
  cctx->held = p->scx.dsq_vtime;
  note_running(cctx, comparable_vtime(p, tctx, cpu), tctx->rate, tctx->flow, now);
}

struct queue_head {
  u64 vtime; /* of the first task that may run on this CPU: the same that moving from the queue would take */
  bool found;
};

static __always_inline bool is_head(struct queue_head* head, const struct task_struct* p, s32 cpu) {
  if (!bpf_cpumask_test_cpu(cpu, p->cpus_ptr)) return false;
  head->vtime = p->scx.dsq_vtime;
  head->found = true;
  return true;
}

/* The queue's first task that may run on this CPU. */
static __always_inline struct queue_head peek(u32 queue, s32 cpu) {
  struct task_struct* p = mus_peek(dsq_of(queue));
  struct queue_head head = {};
  u32 scanned = 0;

  if (p && is_head(&head, p, cpu)) return head;
  bpf_for_each(scx_dsq, p, dsq_of(queue), 0) {
    if (is_head(&head, p, cpu) || ++scanned >= HEAD_SCAN) break;
  }
  return head;
}

#endif
