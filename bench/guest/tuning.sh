#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The experiment that the defaults of --slice and --lag come from: what each value costs and buys, on one CPU whose time
# passes with its instructions. Needs mus-scheduler and mus-load on PATH.
set -euo pipefail

# shellcheck source=/dev/null
. "${0%/*}/one_daemon.sh"

# As `with`, and beside three hogs.
with_hogs() {
	with "$@"
	in_background noise mus-load hog 3
	sleep 0.5
}

# How often the three hogs were switched in a second: what a slice costs.
switches() {
	local before
	before=$(awk '$1 == "ctxt" { print $2 }' /proc/stat)
	sleep 4
	echo $((($(awk '$1 == "ctxt" { print $2 }' /proc/stat) - before) / 4))
}

# What is printed of each setting: how late a sleeper runs that hardly works; how late one is done that works for 8 ms of
# 20 (less than the half that it is entitled to); the longest time that a task which always runs has to wait beside a crowd
# that comes and goes; switches.
measure() {
	local slice=$1 lag=$2 brief burst wait
	read -ra brief < <(in_cgroup sleeper mus-load waker 200 7100)
	mapfile -t burst < <(in_cgroup sleeper mus-load waker 150 12100 8000)
	read -ra burst <<<"${burst[1]}"
	in_background crowd mus-load pulse 8 20000 40000
	wait=$(in_cgroup alone mus-load gaps 4)
	kill_in crowd
	printf '%7s %7s | %7s %7s | %7s %7s | %8s | %8s\n' \
		"$slice" "$lag" "${brief[@]:0:2}" "${burst[@]:0:2}" "$wait" "$(switches)"
}

try() {
	with_hogs --slice "$1" --lag "$2"
	measure "$1" "$2"
	kill_in noise
	without
}

echo "one CPU, three hogs; times in us"
printf '%7s %7s | %15s | %15s | %8s | %8s\n' '' '' 'brief sleeper' '8 ms of work' longest switches
printf '%7s %7s | %7s %7s | %7s %7s | %8s | %8s\n' slice lag p50 p99 p50 p99 wait 'per s'
for slice in 3000 5000 10000 20000; do try "$slice" 10000; done
for lag in 1000 3000 5000 20000 50000; do try 3000 "$lag"; done
