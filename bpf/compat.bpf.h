/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One object for kernels 6.12 to 7.3: the kfuncs that were renamed, every variant weak, chosen at load time.
 * libbpf strips the last ___suffix before it looks a name up, so a kernel name that ends in ___v2 needs one more.
 * Test exactly one symbol in each `if`: `a || b` folds to an OR of two addresses, which the verifier rejects.
 */
#ifndef MUS_COMPAT_BPF_H
#define MUS_COMPAT_BPF_H

/* unchanged from 6.12 to 7.3 */
s32 scx_bpf_create_dsq(u64 dsq_id, s32 node) __ksym;
s32 scx_bpf_dsq_nr_queued(u64 dsq_id) __ksym;
void scx_bpf_kick_cpu(s32 cpu, u64 flags) __ksym;
bool scx_bpf_test_and_clear_cpu_idle(s32 cpu) __ksym;
s32 scx_bpf_pick_idle_cpu(const struct cpumask* allowed, u64 flags) __ksym;
const struct cpumask* scx_bpf_get_idle_smtmask(void) __ksym;
void scx_bpf_put_idle_cpumask(const struct cpumask* mask) __ksym;
u32 scx_bpf_nr_cpu_ids(void) __ksym;
bool bpf_cpumask_test_cpu(u32 cpu, const struct cpumask* mask) __ksym;
struct cgroup* bpf_cgroup_ancestor(struct cgroup* cgrp, int level) __ksym;
struct cgroup* bpf_cgroup_from_id(u64 id) __ksym;
void bpf_cgroup_release(struct cgroup* cgrp) __ksym;
void bpf_rcu_read_lock(void) __ksym;
void bpf_rcu_read_unlock(void) __ksym;
struct bpf_cpumask* bpf_cpumask_create(void) __ksym;
void bpf_cpumask_release(struct bpf_cpumask* mask) __ksym;
void bpf_cpumask_set_cpu(u32 cpu, struct bpf_cpumask* mask) __ksym;
void scx_bpf_exit_bstr(s64 code, char* format, unsigned long long* data, u32 data__sz) __ksym;
int bpf_iter_scx_dsq_new(struct bpf_iter_scx_dsq* it, u64 dsq_id, u64 flags) __ksym;
struct task_struct* bpf_iter_scx_dsq_next(struct bpf_iter_scx_dsq* it) __ksym;
void bpf_iter_scx_dsq_destroy(struct bpf_iter_scx_dsq* it) __ksym;

/* 6.12: scx_bpf_dispatch; 6.13: scx_bpf_dsq_insert returning void; 6.19: scx_bpf_dsq_insert___v2 returning bool, to be
 * called scx_bpf_dsq_insert once the void form is dropped (announced for 7.3, still there in 7.3.4). */
void scx_bpf_dispatch___k612(struct task_struct* p, u64 dsq, u64 slice, u64 flags) __ksym __weak;
void scx_bpf_dsq_insert___k613(struct task_struct* p, u64 dsq, u64 slice, u64 flags) __ksym __weak;
bool scx_bpf_dsq_insert___v2___k619(struct task_struct* p, u64 dsq, u64 slice, u64 flags) __ksym __weak;
bool scx_bpf_dsq_insert___later(struct task_struct* p, u64 dsq, u64 slice, u64 flags) __ksym __weak;

static __always_inline void mus_insert(struct task_struct* p, u64 dsq, u64 slice, u64 flags) {
  if (bpf_ksym_exists(scx_bpf_dsq_insert___v2___k619))
    scx_bpf_dsq_insert___v2___k619(p, dsq, slice, flags);
  else if (bpf_ksym_exists(scx_bpf_dsq_insert___k613))
    scx_bpf_dsq_insert___k613(p, dsq, slice, flags);
  else if (bpf_ksym_exists(scx_bpf_dsq_insert___later))
    scx_bpf_dsq_insert___later(p, dsq, slice, flags);
  else
    scx_bpf_dispatch___k612(p, dsq, slice, flags);
}

/* 6.12: scx_bpf_dispatch_vtime; 6.13: scx_bpf_dsq_insert_vtime; 6.19: arguments in a struct (the old form to go). */
void scx_bpf_dispatch_vtime___k612(struct task_struct* p, u64 dsq, u64 slice, u64 vtime, u64 flags) __ksym __weak;
void scx_bpf_dsq_insert_vtime___k613(struct task_struct* p, u64 dsq, u64 slice, u64 vtime, u64 flags) __ksym __weak;
bool __scx_bpf_dsq_insert_vtime___k619(struct task_struct* p, struct scx_bpf_dsq_insert_vtime_args* args) __ksym __weak;

static __always_inline void mus_insert_vtime(struct task_struct* p, u64 dsq, u64 slice, u64 vtime, u64 flags) {
  if (bpf_core_type_exists(struct scx_bpf_dsq_insert_vtime_args)) {
    struct scx_bpf_dsq_insert_vtime_args args = {.dsq_id = dsq, .slice = slice, .vtime = vtime, .enq_flags = flags};
    __scx_bpf_dsq_insert_vtime___k619(p, &args);
  } else if (bpf_ksym_exists(scx_bpf_dsq_insert_vtime___k613)) {
    scx_bpf_dsq_insert_vtime___k613(p, dsq, slice, vtime, flags);
  } else {
    scx_bpf_dispatch_vtime___k612(p, dsq, slice, vtime, flags);
  }
}

/* 6.12: scx_bpf_consume; 6.13: scx_bpf_dsq_move_to_local(dsq); 7.1: ___v2 with flags, to inherit the plain name. */
bool scx_bpf_consume___k612(u64 dsq) __ksym __weak;
bool scx_bpf_dsq_move_to_local___k613(u64 dsq) __ksym __weak;
bool scx_bpf_dsq_move_to_local___v2___k71(u64 dsq, u64 flags) __ksym __weak;
bool scx_bpf_dsq_move_to_local___later(u64 dsq, u64 flags) __ksym __weak;

static __always_inline bool mus_move_to_local(u64 dsq) {
  if (bpf_ksym_exists(scx_bpf_dsq_move_to_local___v2___k71)) return scx_bpf_dsq_move_to_local___v2___k71(dsq, 0);
  if (bpf_ksym_exists(scx_bpf_dsq_move_to_local___k613)) return scx_bpf_dsq_move_to_local___k613(dsq);
  if (bpf_ksym_exists(scx_bpf_dsq_move_to_local___later)) return scx_bpf_dsq_move_to_local___later(dsq, 0);
  return scx_bpf_consume___k612(dsq);
}

/* 6.12: scx_bpf_dispatch[_vtime]_from_dsq; 6.13: scx_bpf_dsq_move[_vtime]. A task that an iteration over a queue has
 * come to; into an ordered queue, at its dsq_vtime. */
bool scx_bpf_dispatch_from_dsq___k612(struct bpf_iter_scx_dsq* it, struct task_struct* p, u64 dsq,
                                      u64 flags) __ksym __weak;
bool scx_bpf_dsq_move___k613(struct bpf_iter_scx_dsq* it, struct task_struct* p, u64 dsq, u64 flags) __ksym __weak;
bool scx_bpf_dispatch_vtime_from_dsq___k612(struct bpf_iter_scx_dsq* it, struct task_struct* p, u64 dsq,
                                            u64 flags) __ksym __weak;
bool scx_bpf_dsq_move_vtime___k613(struct bpf_iter_scx_dsq* it, struct task_struct* p, u64 dsq,
                                   u64 flags) __ksym __weak;

#define MUS_THIS_ITERATOR (&___it) /* of libbpf's bpf_for_each */

static __always_inline bool mus_dsq_move(struct bpf_iter_scx_dsq* it, struct task_struct* p, u64 dsq) {
  if (bpf_ksym_exists(scx_bpf_dsq_move___k613)) return scx_bpf_dsq_move___k613(it, p, dsq, 0);
  return scx_bpf_dispatch_from_dsq___k612(it, p, dsq, 0);
}

static __always_inline bool mus_dsq_move_vtime(struct bpf_iter_scx_dsq* it, struct task_struct* p, u64 dsq) {
  if (bpf_ksym_exists(scx_bpf_dsq_move_vtime___k613)) return scx_bpf_dsq_move_vtime___k613(it, p, dsq, 0);
  return scx_bpf_dispatch_vtime_from_dsq___k612(it, p, dsq, 0);
}

/* The first task of a queue, without its lock; NULL: to be looked for. From 6.19, but until 7.1 it may be one that has
 * gone. */
struct task_struct* scx_bpf_dsq_peek___k619(u64 dsq) __ksym __weak;

static __always_inline struct task_struct* mus_peek(u64 dsq) {
  if (!bpf_ksym_exists(scx_bpf_dsq_move_to_local___v2___k71)) return NULL;
  return bpf_ksym_exists(scx_bpf_dsq_peek___k619) ? scx_bpf_dsq_peek___k619(dsq) : NULL;
}

/* Re-enqueue the local queue of a CPU that a higher class took. Until 6.18 only from ops.cpu_release; from 6.19 from
 * anywhere, and cpu_release is deprecated: the daemon loads the sched_switch program instead where ___v2 exists. */
u32 scx_bpf_reenqueue_local___k612(void) __ksym __weak;
void scx_bpf_reenqueue_local___v2___k619(void) __ksym __weak;

/* A task that may not leave its CPU just now. BPF prologues themselves disable migration of `current`, so there a count
 * says something only beyond their `depth` (always with PREEMPT_RCU, else before 6.18). It is 1, but 2 where
 * re-enqueueing from ops.cpu_release leads to ops.enqueue, which has both prologues on the task that is being
 * displaced. */
static __always_inline bool mus_migration_disabled(const struct task_struct* p, u32 depth) {
  u32 count;

  if (!bpf_core_field_exists(p->migration_disabled)) return false;
  count = p->migration_disabled;
  return count > ((u64)p == bpf_get_current_task() ? depth : 0);
}

#endif
