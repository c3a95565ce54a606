# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Weights buy CPU time: of the cgroup, of cgroups nested in it, of cgroups made later; and only while they are set.
. /share/lib.sh

hog() { spawn "$1" taskset 1 mus-load hog; }

start_attached
hog a
hog b
sleep 1

step "two hogs on one CPU share it equally"
measure 5 a b
# shellcheck disable=SC2086
expect_ratio "unboosted" $USED 1000

step "one boosted with 4096 gets four times the other"
mus-scheduler prioritize --cgroup /a || die "prioritize failed"
sleep 1
measure 6 a b
# shellcheck disable=SC2086
expect_ratio "boosted" $USED 4000

step "the API counts the boosted cgroup's CPU time and waits"
sleep 2
api /status | tr -d ' \n' | grep -qE '"cpu_(time_)?seconds":[1-9]|"cpu_time_ns":[1-9]' || api /metrics | grep -E '^mus_.*cgroup.*cpu.*seconds.* [1-9]' || die "no CPU time counted: $(api /metrics | grep -i cgroup)"

step "after reset they are equal again"
mus-scheduler reset --cgroup /a || die "reset failed"
sleep 1
measure 5 a b
# shellcheck disable=SC2086
expect_ratio "reset" $USED 1000

step "a demotion pushes down"
mus-scheduler prioritize --cgroup /b --weight 256 || die "prioritize failed"
sleep 1
measure 5 a b
# shellcheck disable=SC2086
expect_ratio "demoted" $USED 4000
mus-scheduler reset --cgroup /b || die "reset failed"

step "three at 1:2:4"
hog c
mus-scheduler prioritize --cgroup /b --weight 2048 || die "prioritize failed"
mus-scheduler prioritize --cgroup /c --weight 4096 || die "prioritize failed"
sleep 1
measure 8 a b c
# shellcheck disable=SC2086
set -- $USED
expect_ratio "2:1" "$2" "$1" 2000
expect_ratio "4:1" "$3" "$1" 4000
mus-scheduler reset --all || die "reset failed"
echo 1 >$CG/c/cgroup.kill

step "a process in a cgroup nested below the boosted one is boosted, too"
echo 1 >$CG/a/cgroup.kill
sleep 1
hog a/pod/container
mus-scheduler prioritize --cgroup /a || die "prioritize failed"
sleep 1
measure 6 a b
# shellcheck disable=SC2086
expect_ratio "nested" $USED 4000

step "and one in a cgroup that is made after the boost"
echo 1 >$CG/a/cgroup.kill
sleep 1
hog a/later/deeper
sleep 1
measure 6 a b
# shellcheck disable=SC2086
expect_ratio "made later" $USED 4000

step "the nearest boost counts: 1024 shields a cgroup inside a boosted one"
mus-scheduler prioritize --cgroup /a/later --weight 1024 || die "prioritize failed"
sleep 1
measure 5 a b
# shellcheck disable=SC2086
expect_ratio "shielded" $USED 1000

step "nobody stands still at the extremes: pinned at 16, unpinned at 102400 beside it, and the other way round"
mus-scheduler reset --all || die "reset failed"
echo 1 >$CG/a/cgroup.kill
for _ in 1 2 3 4; do spawn free mus-load hog; done
for weights in "16 102400" "102400 16"; do
	mus-scheduler prioritize --cgroup /b --weight "${weights% *}" || die "prioritize failed"
	mus-scheduler prioritize --cgroup /free --weight "${weights#* }" || die "prioritize failed"
	for _ in 1 2; do
		measure 4 b free
		echo "   weights $weights: CPU time in 4 s:$USED us"
		# shellcheck disable=SC2086
		set -- $USED
		[ "$1" -gt 3000 ] && [ "$2" -gt 3000 ] || die "somebody stands still"
	done
done

stop_daemon
echo "shares: all as promised"
