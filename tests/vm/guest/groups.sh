# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# A share belongs to the cgroup and not to its threads. Everything here is about the machine's one or two CPUs as a
# whole, nothing is pinned.
# shellcheck source=/dev/null
. /share/lib.sh

start_with_whole_boosts
for threads in 1 3 16; do
	step "1:2:4:8 at $threads threads in each, on $(nproc) CPUs"
	spawn_weighted "$threads"
	expect_entitled $((5 * WINDOWS)) "$threads"
	mus-scheduler reset --all || die "reset failed"
	for group in w1 w2 w4 w8; do echo 1 >"$CG/$group/cgroup.kill"; done
	sleep 1
done

step "one thread and sixteen at the same weight, on one CPU"
spawn one taskset 1 mus-load hog
spawn many taskset 1 mus-load hog 16
sleep 1
expect_shares $((4 * WINDOWS)) many one 1000
echo 1 >"$CG/many/cgroup.kill"

step "threads that sleep buy nothing: 64 that run 1 ms and sleep 3 ms have half of a CPU beside a hog"
sleep 1
spawn pulses taskset 1 mus-load pulse 64 1000 3000
sleep 1
expect_shares $((4 * WINDOWS)) pulses one 1000
echo 1 >"$CG/pulses/cgroup.kill"

step "nor do threads that take turns, one at a time"
sleep 1
spawn pulses taskset 1 mus-load pulse 1 20000 2000
spawn pulses taskset 1 mus-load hog
sleep 1
expect_shares $((4 * WINDOWS)) pulses one 1000
echo 1 >"$CG/pulses/cgroup.kill"

step "nice divides a cgroup's share among its threads, and takes nothing from other cgroups"
spawn nice1/plain taskset 1 mus-load hog
sleep 1
spawn nice2 taskset 1 mus-load hog
spawn nice2 taskset 1 mus-load hog
renice -n 10 -p $! >/dev/null || die "renice failed"
sleep 1
expect_shares $((4 * WINDOWS)) nice2 nice1/plain 1000
for group in one nice1/plain nice2; do echo 1 >"$CG/$group/cgroup.kill"; done

step "cgroups that come and go leave nothing behind"
for _ in $(seq 1 150); do
	mkdir "$CG/brief" && in_cgroup brief true
	rmdir "$CG/brief"
done
sleep 1
[ "$(bpftool -j map dump name flow_indexes | grep -o '"key"' | wc -l)" -lt 60 ] || die "flows of dead cgroups are kept"

stop_daemon
echo "groups: all as promised"
