# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# A machine of two nodes with two caches each, of two cores with two threads each: work spreads over it, cpusets hold,
# and moving tasks about does no harm.
# shellcheck source=/dev/null
. /share/lib.sh

idle_ticks() { awk '$1 == "cpu" { print $5 }' /proc/stat; }
total_ticks() { awk '$1 == "cpu" { for (i = 2; i <= 9; i++) s += $i; print s }' /proc/stat; }

# expect_busy SECONDS: less than 5 % idle in that time.
expect_busy() {
	for _ in 1 2 3; do
		idle=$(idle_ticks) total=$(total_ticks)
		sleep "$1"
		permille=$((($(idle_ticks) - idle) * 1000 / ($(total_ticks) - total)))
		echo "   idle while tasks wait: $permille/1000"
		[ "$permille" -le 50 ] && return 0
	done
	die "CPUs idle while tasks wait"
}

# cpus_of CGROUP: on which CPUs its tasks are now.
cpus_of() {
	while read -r pid; do awk '{ print $39 }' "/proc/$pid/stat" 2>/dev/null; done <"$CG/$1/cgroup.procs" | sort -n | uniq
}

start_with_whole_boosts
step "the daemon sees four last-level caches"
status_has '"caches":4' || die "it does not: $(api /status | grep caches)"

step "as many hogs as CPUs: each has one"
for i in $(seq 1 16); do spawn spread/h"$i" mus-load hog; done
sleep 3
expect_busy 5
# shellcheck disable=SC2046
measure 8 $(for i in $(seq 1 16); do echo spread/h"$i"; done)
echo "$USED" | awk '{ min = $1; for (i = 1; i <= NF; i++) { s += $i; if ($i < min) min = $i }
	printf "   the least got %d/1000 of the average\n", min * NF * 1000 / s; exit min * NF < 0.6 * s }' ||
	die "some hogs share a CPU while others have one alone"

echo 1 >"$CG/spread/cgroup.kill"
sleep 1

step "1:2:4:8 at 16 threads in each, over all caches"
spawn_weighted 16
expect_entitled 8 16
expect_busy 2
mus-scheduler reset --all || die "reset failed"
for group in w1 w2 w4 w8; do echo 1 >"$CG/$group/cgroup.kill"; done
sleep 1

step "hogs let loose from one node spread over both"
spawn loose taskset ff mus-load hog 24
sleep 1
while read -r task; do taskset -p ffff "$task" >/dev/null 2>&1; done <"$CG"/loose/cgroup.threads
sleep 2
expect_busy 5

step "a cpuset holds"
mkdir -p "$CG/caged"
echo 0-3 >"$CG/caged/cpuset.cpus" || die "no cpuset controller"
spawn caged mus-load hog 1
for _ in 1 2 3 4 5 6 7; do spawn caged mus-load hog; done
for _ in 1 2 3 4 5 6 7 8 9 10; do
	sleep 0.3
	for cpu in $(cpus_of caged); do [ "$cpu" -le 3 ] || die "a caged task was on CPU $cpu"; done
done
expect_busy 5

step "tasks that are moved about all the time"
end=$(($(date +%s) + 15))
while [ "$(date +%s)" -lt "$end" ]; do
	while read -r task; do
		taskset -p "$(printf '%x' $((1 << (task * 7 + $(date +%s)) % 16 | 1 << task % 16)))" "$task" >/dev/null 2>&1
	done <"$CG"/loose/cgroup.threads
done
scx_is enabled || die "ejected: $(api /status)"
api /status | grep -q '"ejections": *0' || die "ejected: $(api /status)"

api /status | grep -E '"(steals|balanced|relieved)"'
stop_daemon
echo "topology: all as promised"
