# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# What limited cgroups can do to the machine: nobody is ejected, nobody is stuck, nothing is left over. Two CPUs.
# shellcheck source=/dev/null
. /share/lib.sh

limit_figure() { mus-scheduler status --json | tr -d ' ,"' | sed -n '/^limits:/,/^}/p' | sed -n "s/^$1://p"; }
left_over() { mus-scheduler status --json | tr -d ' ,"' | sed -n '/^limits:/,/^}/p' | sed -n 's/^cgroups://p'; }

start_attached
sleep 1
at_start=$(left_over)

step "64 threads with a hundredth of a CPU, for two minutes"
limited crowd 1000 100000
spawn crowd mus-load hog 64
sleep 2
measure 120 crowd
permille=$((${USED# } / 120000))
forced=$(limit_figure forced)
echo "   used $permille of 10 permille, forced turns: $forced"
scx_is enabled || die "ejected"
[ "$permille" -le 15 ] || die "more than it may"
# Each of 64 once in 10 s, at most.
[ "$forced" -le $((64 * 13)) ] || die "more than the documents say"
end crowd
await 10 gone crowd || die "not all are gone"

step "a fork bomb with a tenth of a CPU"
limited bomb 10000 100000
echo 200 >"$CG/bomb/pids.max" 2>/dev/null || true
cat >/tmp/bomb.sh <<'BOMB'
while :; do
	sh -c 'i=0; while [ $i -lt 200 ]; do i=$((i + 1)); done' &
	sleep 0.01
done
BOMB
spawn bomb sh /tmp/bomb.sh
sleep 1
measure 10 bomb
echo "   used $((${USED# } / 10000)) of 100 permille"
[ $((${USED# } / 10000)) -le 130 ] || die "more than it may"
end bomb
await 10 gone bomb || die "not all are gone"

step "tasks that are moved between throttled cgroups"
limited one 2000 100000
limited two 2000 100000
spawn one mus-load hog 4
mover=$!
sleep 0.5
for _ in $(seq 100); do
	echo "$mover" >"$CG/two/cgroup.procs"
	echo "$mover" >"$CG/one/cgroup.procs"
done
scx_is enabled || die "ejected"
end one two
for group in one two; do
	await 10 gone $group || die "not all are gone"
done

step "a thousand limited cgroups come and go, each killed while it is throttled"
from=$(now_ms)
for turn in $(seq 100); do
	for i in 0 1 2 3 4 5 6 7 8 9; do
		limited "c$i" 1000 1000000
		spawn "c$i" mus-load hog
	done
	sleep 0.05
	for i in 0 1 2 3 4 5 6 7 8 9; do end "c$i"; done
	for i in 0 1 2 3 4 5 6 7 8 9; do await 20 rmdir "$CG/c$i" || die "turn $turn: c$i cannot be removed"; done
done
echo "   in $(($(now_ms) - from)) ms"
scx_is enabled || die "ejected"

step "storms of renames and mappings in a throttled cgroup, beside one that is not"
mkdir -p /tmp/storm /tmp/calm
limited storm 5000 100000
spawn storm mus-storm rename /tmp/storm 4
spawn storm mus-storm map 4
sleep 2
in_cgroup calm mus-storm renames /tmp/storm 500 >/tmp/late
echo "   a neighbour's renames in the same directory take (p50 p99 max, us) $(cat /tmp/late)"
[ "$(cut -d ' ' -f 2 </tmp/late)" -le 60000 ] || die "too long"
measure 10 storm
echo "   the storms used $((${USED# } / 10000)) of 50 permille, pardons: $(limit_figure pardons)"
[ $((${USED# } / 10000)) -le 100 ] || die "more than it may"
worst=0
for _ in 1 2 3 4 5; do
	ms=$(mus-storm rcu)
	[ "$ms" -le "$worst" ] || worst=$ms
done
echo "   synchronize_rcu took $worst ms at most"
[ "$worst" -le 1000 ] || die "too long"
end storm
await 10 gone storm || die "not all are gone"

step "nothing is left over"
for group in crowd bomb one two storm calm; do rmdir "$CG/$group" || die "$group cannot be removed"; done
none_left() { [ "$(left_over)" = "$at_start" ]; }
await 10 none_left || die "$(left_over) limits are left, $at_start at the start"
dmesg | grep -E 'self-detected stall|stalls on CPUs|blocked for more than|BUG:|WARNING:' && die "the kernel complains"
scx_is enabled || die "ejected"
stop_daemon
echo "limits-stress: it holds"
