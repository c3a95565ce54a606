# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A daemon with these options or those, and processes in cgroups. Sourced.

CG=/sys/fs/cgroup
SOCKET=/run/mus-scheduler/bench.sock

complain() {
	echo "${0##*/}: $*" >&2
	tail -n 5 /tmp/daemon.log >&2
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

# The process becomes the command, in that cgroup.
become() {
	mkdir -p "$CG/$1"
	echo "$BASHPID" >"$CG/$1/cgroup.procs"
	exec "${@:2}"
}

in_cgroup() { (become "$@"); }

# Disowned: bash would report its end.
in_background() {
	become "$@" &
	disown
}

kill_in() { echo 1 >"$CG/$1/cgroup.kill"; }

# with OPTION...: a daemon with these options; then what the caller does, then `without`.
with() {
	mus-scheduler run --listen '' --state-dir /tmp/state --socket "$SOCKET" "$@" >/tmp/daemon.log 2>&1 &
	daemon=$!
	await_state enabled
}

without() {
	kill "$daemon"
	wait "$daemon"
	await_state disabled
}

mkdir -p /run/mus-scheduler
