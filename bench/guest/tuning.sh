#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The experiment that the defaults of --slice and --lag come from: what each value costs and buys, on one CPU whose time
# passes with its instructions. Needs mus-scheduler and mus-load on PATH.
set -euo pipefail

CG=/sys/fs/cgroup
SOCKET=/run/mus-scheduler/tuning.sock

complain() {
	echo "tuning: $*" >&2
	tail -n 5 /tmp/tuning.log >&2
	exit 1
}

state() { cat /sys/kernel/sched_ext/state; }

await_state() {
	local try
	for ((try = 0; try < 600; try++)); do
		[[ $(state) != "$1" ]] || return 0
		sleep 0.1
	done
	complain "sched_ext is $(state), not $1"
}

in_cgroup() {
	local group=$1
	shift
	mkdir -p "$CG/$group"
	(
		echo "$BASHPID" >"$CG/$group/cgroup.procs"
		exec "$@"
	)
}

# with OPTION...: a daemon with these options; then what the caller does, then `without`.
with() {
	mus-scheduler run --listen '' --state-dir /tmp/tuning --socket "$SOCKET" "$@" >/tmp/tuning.log 2>&1 &
	daemon=$!
	await_state enabled
	in_cgroup noise mus-load hog 3 &
	sleep 0.5
}

without() {
	echo 1 >"$CG/noise/cgroup.kill"
	kill "$daemon"
	wait || true
	await_state disabled
}

# How often the three hogs were switched in a second: what a slice costs.
switches() {
	local before
	before=$(awk '$1 == "ctxt" { print $2 }' /proc/stat)
	sleep 4
	echo $((($(awk '$1 == "ctxt" { print $2 }' /proc/stat) - before) / 4))
}

# What is printed of each setting: how late a sleeper runs that works for 2 ms of each 9.1 (less than the half that it is
# entitled to), and one that hardly works; the longest time that a task which always runs has to wait beside a crowd that
# comes and goes; switches.
measure() {
	local slice=$1 lag=$2 busy brief gap
	read -ra busy < <(in_cgroup sleeper mus-load waker 200 7100 2000)
	read -ra brief < <(in_cgroup sleeper mus-load waker 200 7100)
	in_cgroup crowd mus-load pulse 8 20000 40000 &
	gap=$(in_cgroup alone mus-load gaps 4)
	echo 1 >"$CG/crowd/cgroup.kill"
	printf '%7s %7s | %7s %7s | %7s %7s | %8s | %8s\n' \
		"$slice" "$lag" "${busy[@]:0:2}" "${brief[@]:0:2}" "$gap" "$(switches)"
}

try() {
	with --slice "$1" --lag "$2"
	measure "$1" "$2"
	without
}

mkdir -p /run/mus-scheduler
echo "one CPU, three hogs; times in us"
printf '%7s %7s | %15s | %15s | %8s | %8s\n' '' '' 'sleeper, 2 ms' 'brief sleeper' longest switches
printf '%7s %7s | %7s %7s | %7s %7s | %8s | %8s\n' slice lag p50 p99 p50 p99 wait 'per s'
for slice in 3000 5000 10000 20000; do try "$slice" 10000; done
for lag in 1000 3000 5000 20000 50000; do try 3000 "$lag"; done
