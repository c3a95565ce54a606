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

# often SECONDS: how often the daemon's threads get a CPU, a second.
turns() { cat "/proc/$DAEMON"/task/*/schedstat | awk '{ turns += $3 } END { print turns }'; }
often() {
	before=$(turns)
	sleep "$1"
	echo $((($(turns) - before) / $1))
}

step "while one cgroup alone wants CPU time nothing is divided, a few dozen times a second while two do"
hog a
watched=$!
sleep 3 # for as long it is remembered who was awake
alone=$(often 5)
hog b
sleep 1
both=$(often 5)
echo "   the daemon's turns a second: $alone, then $both"
[ "$alone" -le 8 ] || die "it does not sleep"
[ "$both" -ge 20 ] || die "it sleeps"

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
	/^mus_cgroup_cpu_seconds_total/ { ran = $NF } /^mus_cgroup_run_delay_seconds_sum/ { waited = $NF }
	/^mus_cgroup_run_delay_seconds_count/ { waits = $NF }
	END { print "   ran " ran " s, waited " waited " s in " waits " waits"; exit !(waits && waited > ran / 8 && waited < ran / 2) }' ||
	die "not so: $(api /metrics | grep mus_cgroup)"

# kernel_waited / we_waited: for how many ms, and how many times. The kernel counts for any scheduler, by thread.
kernel_waited() { awk '{ printf "%d %d", $2 / 1000000, $3 }' "/proc/$watched/schedstat"; }
we_waited() {
	api /metrics | awk '/^mus_cgroup_run_delay_seconds_sum/ { sum = $NF } /^mus_cgroup_run_delay_seconds_count/ { n = $NF }
		END { printf "%d %d", sum * 1000, n }'
}

step "which is what the kernel counts for its one thread"
counted=$(kernel_waited)
sleep 2 # as old as figures may be
counted="$counted $(we_waited) $(kernel_waited)"
echo "   ms and times: the kernel before, we, the kernel after: $counted"
echo "$counted" | awk '{ exit !($3 >= $1 * 0.97 && $3 <= $5 * 1.03 && $4 >= $2 * 0.97 && $4 <= $6 * 1.03) }' ||
	die "it counts otherwise"

step "and its percentiles lie where waits for a turn of the other do"
api /status | tr -d ' \n' | grep -o '"run_delay":{[^}]*}' | tee /tmp/delay
# It waits about once for each slice of 3 ms of the other, and that is nearly all the waiting that it does.
tr -d '"{}' </tmp/delay | tr ',:' '\n ' | awk '$1 == "p50_us" { p50 = $2 } $1 == "p99_us" { p99 = $2 } $1 == "p999_us" { p999 = $2 }
	END { exit !(p50 > 100 && p50 < 16000 && p99 >= p50 && p99 < 70000 && p999 >= p99) }' || die "they do not"

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
