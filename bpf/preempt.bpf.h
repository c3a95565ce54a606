/* SPDX-License-Identifier: GPL-2.0-only */
/* A CPU whose task a waking one may displace, because that task has had more service. */
#ifndef MUS_PREEMPT_BPF_H
#define MUS_PREEMPT_BPF_H

#include "queue.bpf.h"
#include "rank.bpf.h"

#define MUS_PROBES 2          /* CPUs of its cache that an ordinary waking task looks at besides its previous one */
#define MUS_BOOSTED_PROBES 64 /* of the machine, its own cache first, that a boosted one looks at */

/* A preemption that has not led to a switch after this long no longer keeps others from preempting there. */
#define MUS_PREEMPT_PENDING_NS (4 * MUS_NSEC_PER_MSEC)

const volatile bool preempt_on_wakeup = true;

/* A lead that beats all others: of a task that makes way whatever service it has had. */
#define MAKES_WAY (1ULL << 62)

/* How far (vtime) the task on `cpu` is ahead of a waker at `vtime`; 0: not one to preempt. */
static __always_inline u64 victim_lead(const struct task_ctx* waker, s32 cpu, u64 vtime, u64 now) {
  struct cpu_ctx* cctx = lookup_cpu(cpu);
  u64 there;
  int before;

  if (!cctx || !cctx->running) return 0;
  if (cctx->preempting_at && now - cctx->preempting_at < MUS_PREEMPT_PENDING_NS) return 0;
  before = idle_groups ? rank(waker->flow, cctx->flow) : 0;
  if (before) return before > 0 ? MAKES_WAY : 0;
  there = projected_vtime(cctx, now);
  return mus_may_preempt(vtime, there, waker->boosted) ? there - vtime : 0;
}

/* One preemptor per CPU at a time. */
static __always_inline bool claim_victim(s32 cpu, u64 now) {
  struct cpu_ctx* cctx = lookup_cpu(cpu);
  u64 seen;

  if (!cctx) return false;
  seen = cctx->preempting_at;
  if (seen && now - seen < MUS_PREEMPT_PENDING_NS) return false;
  return __sync_val_compare_and_swap(&cctx->preempting_at, seen, now) == seen;
}

/* Virtual time of a CPU's cache less that of another's: what to add to a vtime of the latter to compare it there. */
static __always_inline u64 clock_distance(s32 to, s32 from) {
  return clock_of(queue_of_turn(0, to)) - clock_of(queue_of_turn(0, from));
}

/* The previous CPU if it will do (the waker usually runs there: no interrupt to another CPU, warm caches), else the one
 * furthest ahead in service among a few probes. Claimed for p; -1: none. `vtime` is on the scale of prev's cache. */
static __always_inline s32 claim_victim_cpu(const struct task_struct* p, const struct task_ctx* tctx, s32 prev,
                                            u64 vtime, u64 now) {
  bool boost = tctx->boosted;
  u32 cache = cache_of(prev), total, probes, first, start, i;
  u64 best_lead = 0;
  s32 best = -1;

  if (bpf_cpumask_test_cpu(prev, p->cpus_ptr) && victim_lead(tctx, prev, vtime, now) && claim_victim(prev, now))
    return prev;
  if (migration_disabled(p) || p->nr_cpus_allowed == 1 || cache >= MUS_MAX_CACHES) return -1;
  first = cache_first(cache);
  total = (boost ? nr_ordered_cpus : cache_size(cache)) ?: 1;
  start = boost ? first : bpf_get_prandom_u32() % total;
  probes = boost ? MUS_BOOSTED_PROBES : MUS_PROBES;
  if (probes > total) probes = total;
  bpf_for(i, 0, probes) {
    u32 position = (start + i) % total;
    s32 cpu = boost ? ordered_cpu(position) : ordered_cpu(first + position);
    u64 there = vtime, lead;

    if (cpu < 0 || cpu == prev || !bpf_cpumask_test_cpu(cpu, p->cpus_ptr)) continue;
    if (boost && cache_of(cpu) != cache) there += clock_distance(cpu, prev);
    lead = victim_lead(tctx, cpu, there, now);
    if (lead > best_lead) {
      best_lead = lead;
      best = cpu;
    }
  }
  return best >= 0 && claim_victim(best, now) ? best : -1;
}

/* A vtime in front of the first of a queue's tasks that make way for the flow's; `vtime` if it is. `ahead` is what the
 * queue's vtimes are to be moved by to compare them. Not static: see look(). */
u64 vtime_before_idle(u32 queue, u32 flow, u64 vtime, u64 ahead) {
  struct cpu_ctx* here = lookup_cpu(bpf_get_smp_processor_id());
  struct task_struct* p;

  if (!here) return vtime;
  here->scanned = 0;
  bpf_for_each(scx_dsq, p, dsq_of(queue), 0) {
    u64 there = p->scx.dsq_vtime + ahead;
    struct task_ctx* tctx;

    if (++here->scanned > HEAD_SCAN || mus_before(vtime, there)) break;
    tctx = lookup_task(p);
    if (tctx && rank(flow, tctx->flow) > 0) return there - 1;
  }
  return vtime;
}

/* A waking task that found no CPU to take stands in front of those that make way for it, once: something else than one
 * of them had the CPU, or another waking task was about to take it, or took it as soon as this one had it. Its flow's
 * account stays what it is, and the task is back at it when it queues next. */
static __always_inline void pass_idle_groups(struct task_struct* p, const struct task_ctx* tctx, s32 cpu, u64 now) {
  u32 shared = queue_of_turn(0, cpu), flow = tctx->flow;
  struct cpu_ctx* cctx = lookup_cpu(cpu);
  u64 vtime, ahead, there;

  if (!idle_groups || !cctx) return;
  ahead = skew(cctx, tctx->queue, cpu);
  vtime = vtime_before_idle(tctx->queue, flow, p->scx.dsq_vtime + ahead, ahead);
  if (tctx->queue != shared) vtime = vtime_before_idle(shared, flow, vtime, 0);
  there = projected_vtime(cctx, now);
  if (cctx->running && !mus_before(vtime, there) && rank(flow, cctx->flow) > 0) vtime = there - 1;
  p->scx.dsq_vtime = vtime - ahead;
}

#endif
