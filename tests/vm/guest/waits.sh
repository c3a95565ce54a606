# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Nobody starves: the longest that a task is kept from a CPU is bounded, at any combination of weights.
# shellcheck source=/dev/null
. /share/lib.sh

BOUND_MS=1000
# Two CPUs have twice the tasks to relieve and look at the same time. They must not get in each other's way.
ONE_MORE_CPU_MS=40

# The largest number in the files.
longest_ms() { sort -n "$@" | awk 'END { print int($1 / 1000) }'; }

# within_bound WHAT FILE...: each file holds a longest wait in us.
within_bound() {
	what=$1
	shift
	for file in "$@"; do
		wait_us=$(cat "$file")
		echo "   $what, ${file##*/}: longest wait $((wait_us / 1000)) ms"
		[ "${wait_us:-0}" -gt 0 ] || die "$what: ${file##*/} measured nothing"
		[ "$wait_us" -le $((BOUND_MS * 1000)) ] || die "$what: ${file##*/} waited for too long"
	done
}

# gaps NAME COMMAND...: in the cgroup of that name; $1 threads more than a word.
gaps() {
	name=$1
	shift
	spawn "$name" sh -c "$* >/tmp/waits/$name"
	WAITING="$WAITING $!"
}

kick_kthread() {
	# A work item on CPU 0's kernel thread, and how long it takes to be done: sysfs writes that wait for one.
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		before=$(awk '{ print int($1 * 1000) }' /proc/uptime)
		sync -f /share 2>/dev/null || sync
		after=$(awk '{ print int($1 * 1000) }' /proc/uptime)
		echo $((after - before))
	done | sort -n | tail -n 1
}

start_with_whole_boosts
mkdir -p /tmp/waits
for where in "taskset 1" "taskset 3"; do
	per_cpu=1
	[ "$where" = "taskset 1" ] || per_cpu=2
	step "64 tasks on each CPU at all extremes ($where)"
	WAITING=
	rm -f /tmp/waits/*
	# shellcheck disable=SC2086
	for i in 1 2 3 4; do spawn king$i $where mus-load hog $per_cpu; done
	gaps least "$where mus-load gaps $((6 * WINDOWS)) $((20 * per_cpu))"
	gaps plain "$where mus-load gaps $((6 * WINDOWS)) $((20 * per_cpu))"
	gaps nice19 "renice -n 19 -p \$\$ >/dev/null; exec $where mus-load gaps $((6 * WINDOWS)) $((20 * per_cpu))"
	for i in 1 2 3 4; do mus-scheduler prioritize --cgroup /king$i --weight 102400 || die "prioritize failed"; done
	mus-scheduler prioritize --cgroup /least --weight 16 || die "prioritize failed"
	# shellcheck disable=SC2086
	wait $WAITING
	within_bound "64 on each CPU" /tmp/waits/*
	previous_ms=${worst_ms:-}
	worst_ms=$(longest_ms /tmp/waits/*)
	[ -z "$previous_ms" ] || [ "$worst_ms" -le $((previous_ms + ONE_MORE_CPU_MS)) ] ||
		die "with two CPUs the longest wait is $worst_ms ms, with one it was $previous_ms"
	for i in 1 2 3 4; do echo 1 >"$CG/king$i/cgroup.kill"; done
	mus-scheduler reset --all >/dev/null
	sleep 1
done

step "beside a boosted hog with more threads than CPUs"
WAITING=
rm -f /tmp/waits/*
spawn king mus-load hog 6
mus-scheduler prioritize --cgroup /king --weight 102400 || die "prioritize failed"
gaps ordinary "mus-load gaps $((6 * WINDOWS))"
gaps nice19 "renice -n 19 -p \$\$ >/dev/null; exec mus-load gaps $((6 * WINDOWS))"
# shellcheck disable=SC2086
wait $WAITING
within_bound "boosted hog" /tmp/waits/*
echo "   what the kernel's own threads do waits for $(kick_kthread) ms at most"

stop_daemon
scx_is disabled || die "still attached"
echo "waits: bounded as promised"
