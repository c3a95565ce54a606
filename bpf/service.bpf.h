/* SPDX-License-Identifier: GPL-2.0-only */
/* What service a task and its flow have had: charging it, and where that places them in a queue. */
#ifndef MUS_SERVICE_BPF_H
#define MUS_SERVICE_BPF_H

#include "limit.bpf.h"
#include "queue.bpf.h"

const volatile u64 slice_ns = 3 * MUS_NSEC_PER_MSEC;

/* What service the task's flow has had in the task's queue. A flow that is new there starts at the clock. */
static __always_inline struct flow_service* lookup_service(const struct task_ctx* tctx) {
  struct flow_service* service;

  if (tctx->flow == NO_FLOW) return NULL;
  if (is_pinned_queue(tctx->queue))
    service = (struct flow_service*)lookup_flow_cpu(tctx->flow, tctx->queue - PINNED_QUEUES);
  else
    service = (struct flow_service*)lookup_flow_queue(tctx->flow, tctx->queue);
  if (service && service->birth != tctx->birth) {
    service->vtime = clock_of(tctx->queue);
    service->birth = tctx->birth;
  }
  return service;
}

/* The sample of the flow's load that holds for a queue: that of the cache's first queue. */
static __always_inline struct flow_queue* flow_sample(u32 flow, u32 queue) {
  u32 cache = is_pinned_queue(queue) ? cache_of(queue - PINNED_QUEUES) : queue / MUS_CLASSES;

  return cache < MUS_MAX_CACHES ? lookup_flow_queue(flow, cache * MUS_CLASSES) : NULL;
}

/* At which rate the task's vtime passes from now on. */
static __always_inline void refresh_rate(const struct task_struct* p, struct task_ctx* tctx, u64 now) {
  u32 own = p->scx.weight, total = own;
  struct flow_queue* sample;

  if (tctx->flow == NO_FLOW) {
    tctx->rate = mus_rate(tctx->share, own, MUS_LOAD_ONE);
    return;
  }
  sample = flow_sample(tctx->flow, tctx->queue);
  if (sample) {
    u32 queue = tctx->queue;

    refresh_load(tctx->flow, is_pinned_queue(queue) ? cache_of(queue - PINNED_QUEUES) : queue / MUS_CLASSES, sample,
                 now);
    if (sample->total > total) total = sample->total;
  }
  tctx->rate = mus_rate(tctx->share, own, total);
}

static __always_inline void charge_flow(const struct task_ctx* tctx, u64 ran) {
  struct flow_service* service = lookup_service(tctx);
  struct flow_queue* sample;
  u32 here, total;

  if (!service) return;
  sample = flow_sample(tctx->flow, tctx->queue);
  if (!sample) return;
  here = sample->load;
  if (is_pinned_queue(tctx->queue)) {
    struct flow_cpu* there = lookup_flow_cpu(tctx->flow, tctx->queue - PINNED_QUEUES);

    here = there ? flow_load(there->load) : 0;
    /* Less than the task's own would charge the flow many times over. */
    if ((s32)here < (s32)tctx->counted_load) here = tctx->counted_load;
  }
  total = sample->total > here ? sample->total : here;
  __sync_fetch_and_add(&service->vtime, mus_vtime_delta(ran, mus_rate(tctx->share, here, total)));
}

/* The task ran for so long: by how much its vtime passes. Not static: see sample_load(). */
u64 charged(struct task_ctx* tctx, u64 ran) {
  if (!tctx) return 0;
  if (tctx->contended) charge_flow(tctx, ran);
  if (tctx->limit) charge_limits(tctx->limit, tctx->lifted_from, ran);
  meter_run(tctx->flow, ran);
  return mus_vtime_delta(ran, tctx->rate);
}

/* Puts what the task ran since the last charge on its vtime. Callers: the kernel has just updated sum_exec_runtime. */
static __always_inline void charge(struct task_struct* p, struct task_ctx* tctx) {
  u64 ran = p->se.sum_exec_runtime - tctx->charged_until;

  tctx->charged_until = p->se.sum_exec_runtime;
  p->scx.dsq_vtime += charged(tctx, ran);
}

/* Where a task with that vtime stands as it queues. Its flow is put between the bounds first, then the task within a
 * turn of the flow, then the task between the bounds. One that slept starts no earlier than its flow: the credit is the
 * flow's. So does one that comes from another cgroup or queue, running all along: its flow may have slept here until
 * now, and taken for owed service that would be a credit of up to the forward bound, for which everybody else waits.
 * Not static: see sample_load(). */
u64 placed(struct task_ctx* tctx, u64 vtime, u32 slept) {
  struct flow_service* service;
  u64 cap, clock, lag;

  if (!tctx) return vtime;
  service = lookup_service(tctx);
  cap = mus_forward_cap(max_share);
  clock = clock_of(tctx->queue);
  if (service && tctx->joined) slept = 1;
  tctx->joined = false;
  lag = slept ? lag_ns : cap;
  if (service) {
    u64 seen = service->vtime, bounded = mus_clamp_vtime(seen, clock, lag, cap);
    u64 turn = mus_vtime_delta(slice_ns, tctx->rate);

    if (bounded != seen) service->vtime = bounded;
    vtime = mus_clamp_vtime(vtime, bounded, slept ? 0 : turn, turn);
  }
  return mus_clamp_vtime(vtime, clock, lag, cap);
}

static __always_inline void place(struct task_struct* p, struct task_ctx* tctx, bool slept) {
  p->scx.dsq_vtime = placed(tctx, p->scx.dsq_vtime, slept);
  tctx->placed_at = p->se.sum_exec_runtime;
}

/* Its share, its rate and where it stands to its flow are looked at again once it has run for a slice. One that loses
 * its CPU before goes by what they were: somebody is waiting for that CPU right now. */
static __always_inline bool stays_placed(const struct task_struct* p, const struct task_ctx* tctx) {
  return !tctx->joined && p->se.sum_exec_runtime - tctx->placed_at < slice_ns;
}

/* The bound that keeps waits short holds at any rate. */
static __always_inline void bound_ahead(struct task_struct* p, const struct task_ctx* tctx) {
  u64 most = clock_of(tctx->queue) + mus_forward_cap(max_share);

  if (mus_before(most, p->scx.dsq_vtime)) p->scx.dsq_vtime = most;
}

/* Nobody waits for the CPU that p gets: what it runs there is nobody's loss, so it does not run ahead of the clock.
 * Otherwise a task that had a CPU to itself would, once it has to queue, drag the clock with it and past all others. */
static __always_inline void forgive(struct task_struct* p, struct task_ctx* tctx) {
  p->scx.dsq_vtime = mus_clamp_vtime(p->scx.dsq_vtime, clock_of(tctx->queue), lag_ns, 0);
  tctx->contended = false;
}

#endif
