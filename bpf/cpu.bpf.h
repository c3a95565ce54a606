/* SPDX-License-Identifier: GPL-2.0-only */
/* What runs on each CPU, counters, and the choice of a CPU for a waking task: an idle one, or a victim. */
#ifndef MUS_CPU_BPF_H
#define MUS_CPU_BPF_H

#include "compat.bpf.h"
#include "policy.bpf.h"

#define MUS_PROBES 2          /* CPUs that an ordinary waking task looks at besides its previous one */
#define MUS_BOOSTED_PROBES 64 /* ... a boosted one */

/* A preemption that has not led to a switch after this long no longer keeps others from preempting there. */
#define MUS_PREEMPT_PENDING_NS (4 * MUS_NSEC_PER_MSEC)

/* Written by its own CPU at each switch, read by wakers on others: one line per CPU. preempting_at is the exception. */
struct cpu_ctx {
  u64 vtime;         /* of the running task when `since` was, on the shared queue's scale */
  u64 since;         /* bpf_ktime_get_ns() */
  u64 preempting_at; /* when a waker last claimed this CPU; 0: nobody since the last switch */
  u64 clock;         /* virtual time of the tasks pinned here ... */
  u64 skew;          /* ... plus this is comparable to that of the shared queue; see clock.bpf.h */
  u64 passed_over;   /* since when the other queue's head has waited for a turn here; 0: it has not */
  u32 weight;        /* of the running task */
  u16 running;       /* 1: one of our tasks runs here */
  u16 pinned_turn;   /* 1: the pinned queue's head was the earlier one when both had one */
} __attribute__((aligned(MUS_CACHE_LINE)));

static struct cpu_ctx cpus[MUS_MAX_CPUS];
struct mus_cpu_counters counters[MUS_MAX_CPUS];

const volatile bool smt_active;
const volatile bool preempt_on_wakeup = true;
const volatile u32 nr_cpu_ids = 1;

static __always_inline struct cpu_ctx* lookup_cpu(s32 cpu) {
  u64 index = (u32)cpu;

  if (index >= MUS_MAX_CPUS) return NULL;
  /* The verifier loses the bound where the compiler compares 32 bits and adds 64. */
  asm volatile("%[index] &= %[mask]" : [index] "+r"(index) : [mask] "i"(MUS_MAX_CPUS - 1));
  return &cpus[index];
}

static __always_inline void count(enum mus_counter counter) {
  u32 cpu = bpf_get_smp_processor_id();

  if (cpu < MUS_MAX_CPUS) counters[cpu].values[counter]++;
}

static __always_inline void note_running(struct cpu_ctx* cctx, u64 vtime, u32 weight, u64 now) {
  cctx->vtime = vtime;
  cctx->weight = weight;
  cctx->since = now;
  cctx->running = 1;
}

/* Claims an idle CPU for p: its previous one first, a whole idle core before a busy sibling. -1: none. */
static __always_inline s32 claim_idle_cpu(const struct task_struct* p, s32 prev) {
  bool prev_allowed = bpf_cpumask_test_cpu(prev, p->cpus_ptr);
  s32 cpu;

  if (smt_active) {
    if (prev_allowed) {
      const struct cpumask* idle_cores = scx_bpf_get_idle_smtmask();
      bool core_idle = bpf_cpumask_test_cpu(prev, idle_cores);

      scx_bpf_put_idle_cpumask(idle_cores);
      if (core_idle && scx_bpf_test_and_clear_cpu_idle(prev)) return prev;
    }
    cpu = scx_bpf_pick_idle_cpu(p->cpus_ptr, SCX_PICK_IDLE_CORE);
    if (cpu >= 0) return cpu;
  }
  if (prev_allowed && scx_bpf_test_and_clear_cpu_idle(prev)) return prev;
  cpu = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);
  return cpu >= 0 ? cpu : -1;
}

/* Where the task that runs on a CPU stands in service now. */
static __always_inline u64 projected_vtime(const struct cpu_ctx* cctx, u64 now) {
  u64 since = cctx->since;
  u32 weight = cctx->weight;

  return cctx->vtime + (mus_before(since, now) && weight ? mus_vtime_delta(now - since, weight) : 0);
}

/* How far (vtime) the task on `cpu` is ahead of a waker at `vtime`; 0: not one to preempt. */
static __always_inline u64 victim_lead(s32 cpu, u64 vtime, bool boost, u64 now) {
  struct cpu_ctx* cctx = lookup_cpu(cpu);
  u64 there;

  if (!cctx || !cctx->running) return 0;
  if (cctx->preempting_at && now - cctx->preempting_at < MUS_PREEMPT_PENDING_NS) return 0;
  there = projected_vtime(cctx, now);
  return mus_may_preempt(vtime, there, boost) ? there - vtime : 0;
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

/* A CPU whose task p deserves more, claimed for p: the previous one if it will do (the waker usually runs there: no
 * interrupt to another CPU, warm caches), else the one furthest ahead in service among a few probes; a boosted waker
 * probes all, up to MUS_BOOSTED_PROBES from a random start. -1: none. */
static __always_inline s32 claim_victim_cpu(const struct task_struct* p, s32 prev, u64 vtime, bool boost, u64 now) {
  u32 total = nr_cpu_ids ?: 1;
  u64 best_lead = 0;
  s32 best = -1;
  u32 start, probes, i;

  if (bpf_cpumask_test_cpu(prev, p->cpus_ptr) && victim_lead(prev, vtime, boost, now) && claim_victim(prev, now))
    return prev;
  if (mus_migration_disabled(p) || p->nr_cpus_allowed == 1) return -1;
  start = bpf_get_prandom_u32() % total;
  probes = boost ? MUS_BOOSTED_PROBES : MUS_PROBES;
  if (probes > total) probes = total;
  bpf_for(i, 0, probes) {
    s32 cpu = (start + i) % total;
    u64 lead;

    if (cpu == prev || !bpf_cpumask_test_cpu(cpu, p->cpus_ptr)) continue;
    lead = victim_lead(cpu, vtime, boost, now);
    if (lead > best_lead) {
      best_lead = lead;
      best = cpu;
    }
  }
  return best >= 0 && claim_victim(best, now) ? best : -1;
}

#endif
