# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# What the guest's tests share. Sourced; busybox sh. Any check that fails ends the test with status 1.
set -u
CG=/sys/fs/cgroup
LOG=/tmp/daemon.log
SOCKET=/run/mus-scheduler/api.sock
DAEMON=

# khugepaged runs at nice 19: beside hogs it holds the memory map of whomever it is busy with, and RCU, for seconds,
# under any scheduler. Emulated, that is long enough to fail a test of something else.
if [ -w /sys/kernel/mm/transparent_hugepage/enabled ]; then echo never >/sys/kernel/mm/transparent_hugepage/enabled; fi

# How much longer than in the gate is measured.
# shellcheck disable=SC2034
WINDOWS=$(cat /share/windows)

step() { echo "== $*"; }
die() {
	echo "FAILED: $*"
	echo "-- daemon log"
	tail -n 30 "$LOG" 2>/dev/null
	echo "-- kernel log"
	dmesg | grep -iE 'sched_ext|BUG|WARNING|Oops|mus|out of memory' | tail -n 20
	exit 1
}

# await SECONDS COMMAND...: until it succeeds.
await() {
	limit=$1
	shift
	tries=$((limit * 10))
	while ! "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.1
	done
}

scx_state() { cat /sys/kernel/sched_ext/state 2>/dev/null; }
scx_is() { [ "$(scx_state)" = "$1" ]; }
api() { curl -sS --max-time 10 --unix-socket "${2:-$SOCKET}" "${3:-http://localhost}$1"; }
status_has() { api /status | tr -d ' \n' | grep -q "$1"; }

# start_daemon [OPTION...]: returns when it answers.
start_daemon() {
	mus-scheduler run --listen '' --state-dir /tmp/state "$@" >>"$LOG" 2>&1 &
	DAEMON=$!
	await 60 api /livez || die "the daemon does not answer"
}
start_attached() {
	start_daemon "$@"
	await 60 scx_is enabled || die "the scheduler was not attached: $(scx_state)"
}
# Where the ratios of boosts are measured: all that they give, whatever others keep.
WHOLE_BOOSTS="--boost-ceiling 1 --node-floor 0"
start_with_whole_boosts() {
	# shellcheck disable=SC2086
	start_attached $WHOLE_BOOSTS "$@"
}
stop_daemon() {
	kill -TERM "$DAEMON"
	wait "$DAEMON"
}

# spawn CGROUP COMMAND...: in the background, in that cgroup from its first instruction; $! is its pid.
spawn() {
	group=$1
	shift
	mkdir -p "$CG/$group"
	(
		echo 0 >"$CG/$group/cgroup.procs"
		exec "$@"
	) &
}
in_cgroup() {
	group=$1
	shift
	mkdir -p "$CG/$group"
	(
		echo 0 >"$CG/$group/cgroup.procs"
		exec "$@"
	)
}
# end CGROUP...: everything in it, at once.
end() {
	for group in "$@"; do echo 1 >"$CG/$group/cgroup.kill"; done
}
gone() { [ "$(wc -l <"$CG/$1/cgroup.procs")" = 0 ]; }

# limited CGROUP QUOTA_US PERIOD_US: makes it, with that cpu.max.
limited() {
	mkdir -p "$CG/$1"
	echo "$2 $3" >"$CG/$1/cpu.max"
}
now_ms() { awk '{ printf "%d", $1 * 1000 }' /proc/uptime; }
cpu_usec() { cpu_usecs "$1"; }

# cpu_usecs CGROUP...: one process reads them all. To start one for each takes time, a different one each time, on a
# machine where everything waits for its turn, and the windows of the cgroups would be as different.
cpu_usecs() {
	files=
	for group in "$@"; do files="$files $CG/$group/cpu.stat"; done
	# shellcheck disable=SC2086
	awk '$1 == "usage_usec" { print $2 }' $files
}

# measure SECONDS CGROUP...: sets USED to the CPU time of each in that time, in us.
measure() {
	seconds=$1
	shift
	before=$(cpu_usecs "$@")
	sleep "$seconds"
	after=$(cpu_usecs "$@")
	# shellcheck disable=SC2086
	USED=$(echo $before $after | awk '{ n = NF / 2; for (i = 1; i <= n; i++) printf " %d", $(i + n) - $i }')
}

# permille NUMBER...: what part of their sum each is.
permille() { echo "$*" | awk '{ for (i = 1; i <= NF; i++) s += $i; for (i = 1; i <= NF; i++) printf "%d ", 1000 * $i / s }'; }

# near POINTS "MEASURED ..." "WANTED ...": none further off than that.
near() {
	echo "$2 $3" | awk -v points="$1" '{ n = NF / 2; for (i = 1; i <= n; i++) { d = $i - $(i + n); if (d < -points || d > points) exit 1 } }'
}

# in_ratio A B WANTED_PERMILLE: A/B within 10 % of what is wanted.
in_ratio() {
	RATIO=$(($1 * 1000 / ($2 + 1)))
	[ "$RATIO" -ge $(($3 * 90 / 100)) ] && [ "$RATIO" -le $(($3 * 110 / 100)) ]
}

# expect_shares SECONDS A B WANTED_PERMILLE: CPU time of cgroup A to that of B. The host may hold a virtual CPU up for
# long enough to bend one window (what one task then runs too long is given back later), so three windows are tried.
expect_shares() {
	for _ in 1 2 3; do
		measure "$1" "$2" "$3"
		# shellcheck disable=SC2086
		if in_ratio $USED "$4"; then
			echo "   $2 to $3:$USED us = $RATIO/1000"
			return 0
		fi
		echo "   $2 to $3:$USED us = $RATIO/1000, wanted $4/1000; once more"
	done
	die "$2 to $3: $RATIO/1000 is not $4/1000"
}

# median NUMBER...
median() { printf '%s\n' "$@" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

WEIGHTS="1024 2048 4096 8192"

# spawn_weighted THREADS: that many hogs in each of w1 w2 w4 w8, which have WEIGHTS.
spawn_weighted() {
	i=0
	for weight in $WEIGHTS; do
		group=w$((1 << i))
		i=$((i + 1))
		spawn $group mus-load hog "$1"
		mus-scheduler prioritize --cgroup "/$group" --weight "$weight" || die "prioritize failed"
	done
	sleep 1
}

# What each of WEIGHTS is entitled to, in permille of what all get: by weight, but none more than its threads can use;
# what is left over goes to the others by weight.
entitled() {
	echo "$WEIGHTS" | awk -v cpus="$(nproc)" -v threads="$1" '{
		left = cpus
		for (i = 1; i <= NF; i++) sum += $i
		for (again = 1; again;) {
			again = 0
			for (i = 1; i <= NF; i++)
				if (!(i in full) && left * $i / sum > threads) {
					full[i] = 1; again = 1; left -= threads; sum -= $i
				}
		}
		for (i = 1; i <= NF; i++) all += got[i] = i in full ? threads : left * $i / sum
		for (i = 1; i <= NF; i++) printf "%d ", 1000 * got[i] / all
	}'
}

# expect_entitled SECONDS THREADS: the measured shares of w1 w2 w4 w8, each within 3 points.
expect_entitled() {
	wanted=$(entitled "$2")
	for _ in 1 2 3; do
		measure "$1" w1 w2 w4 w8
		# shellcheck disable=SC2086
		shares=$(permille $USED)
		echo "   $2 threads each: measured ${shares}wanted $wanted(permille)"
		near 30 "$shares" "$wanted" && return 0
	done
	die "shares are not as entitled"
}
