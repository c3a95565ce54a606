# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Weights buy CPU time: of the cgroup, of cgroups nested in it, of cgroups made later; and only while they are set.
# shellcheck source=/dev/null
. /share/lib.sh
# shellcheck source=/dev/null
. /share/verified.sh

hog() { spawn "$1" taskset 1 mus-load hog; }

start_with_whole_boosts
step "the verifier had at most $MARGIN_PERCENT % more work with each program than is recorded"
expect_verified_as_recorded
hog a
hog b
sleep 1

step "two hogs on one CPU share it equally"
expect_shares 4 a b 1000

step "one boosted with 4096 gets four times the other"
mus-scheduler prioritize --cgroup /a || die "prioritize failed"
sleep 1
expect_shares 5 a b 4000

step "the API counts the boosted cgroup's CPU time"
sleep 2
api /metrics | grep -E '^mus_cgroup_cpu_seconds_total.* [1-9]' || die "not counted: $(api /metrics | grep mus_cgroup)"

step "and that it waited a quarter as long as it ran"
api /metrics | awk '
	/^mus_cgroup_cpu_seconds_total/ { ran = $NF } /^mus_cgroup_wait_seconds_total/ { waited = $NF }
	/^mus_cgroup_waits_total/ { waits = $NF }
	END { print "   ran " ran " s, waited " waited " s in " waits " waits"; exit !(waits && waited > ran / 8 && waited < ran / 2) }' ||
	die "not so: $(api /metrics | grep mus_cgroup)"

step "after reset they are equal again"
mus-scheduler reset --cgroup /a || die "reset failed"
sleep 1
expect_shares 4 a b 1000

step "a demotion pushes down"
mus-scheduler prioritize --cgroup /b --weight 256 || die "prioritize failed"
sleep 1
expect_shares 5 a b 4000
mus-scheduler reset --cgroup /b || die "reset failed"

step "three at 1:2:4"
hog c
mus-scheduler prioritize --cgroup /b --weight 2048 || die "prioritize failed"
mus-scheduler prioritize --cgroup /c --weight 4096 || die "prioritize failed"
sleep 1
expect_shares 5 b a 2000
expect_shares 5 c a 4000
mus-scheduler reset --all || die "reset failed"
echo 1 >"$CG/c/cgroup.kill"

step "a process in a cgroup nested below the boosted one is boosted, too"
echo 1 >"$CG/a/cgroup.kill"
sleep 1
hog a/pod/container
mus-scheduler prioritize --cgroup /a || die "prioritize failed"
sleep 1
expect_shares 5 a b 4000

step "and one in a cgroup that is made after the boost"
echo 1 >"$CG/a/cgroup.kill"
sleep 1
hog a/later/deeper
sleep 1
expect_shares 5 a b 4000

step "the nearest boost counts: 1024 shields a cgroup inside a boosted one"
mus-scheduler prioritize --cgroup /a/later --weight 1024 || die "prioritize failed"
sleep 1
expect_shares 4 a b 1000

step "weights hold among pinned tasks while the other CPU's virtual time runs many times as fast"
mus-scheduler reset --all || die "reset failed"
echo 1 >"$CG/a/cgroup.kill"
sleep 1
hog a
for _ in 1 2 3; do spawn fast mus-load hog; done
mus-scheduler prioritize --cgroup /a || die "prioritize failed"
mus-scheduler prioritize --cgroup /fast --weight 16 || die "prioritize failed"
sleep 1
expect_shares 5 a b 4000
echo 1 >"$CG/fast/cgroup.kill"

step "nobody stands still: pinned at 16 with unpinned at 102400 beside it, and the other way round"
mus-scheduler reset --all || die "reset failed"
echo 1 >"$CG/a/cgroup.kill"
for _ in 1 2 3 4; do spawn free mus-load hog; done
for weights in "16 102400" "102400 16"; do
	mus-scheduler prioritize --cgroup /b --weight "${weights% *}" || die "prioritize failed"
	mus-scheduler prioritize --cgroup /free --weight "${weights#* }" || die "prioritize failed"
	for _ in 1 2; do
		measure 3 b free
		echo "   pinned and unpinned at $weights: CPU time$USED us"
		# shellcheck disable=SC2086
		set -- $USED
		if [ "$1" -lt 3000 ] || [ "$2" -lt 3000 ]; then die "somebody stands still"; fi
	done
done

stop_daemon
echo "shares: all as promised"
