#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the demo plays on: a Redis pod and a noisy pod in cgroups as the kubelet
# makes them, a pods endpoint that tells of them, and the daemon. Sourced by
# measure.sh. As a program, for trying things by hand in './dev vm':
#   scene.sh up      everything, with the noise on and the scheduler attached
#   scene.sh load    one measurement of Redis
#   scene.sh down    takes it all away
set -euo pipefail

RUN=${MUS_DEMO_RUN:-/run/mus-demo}
SOCKET=${MUS_DEMO_SOCKET:-/run/mus-scheduler/api.sock}
LISTEN=${MUS_DEMO_LISTEN:-127.0.0.1:9797}
STATE=${MUS_DEMO_STATE:-/var/lib/mus-scheduler}
PODS_PORT=${MUS_DEMO_PODS_PORT:-10255}
REDIS_PORT=${MUS_DEMO_REDIS_PORT:-30001}
CLIENTS=${MUS_DEMO_CLIENTS:-10}
NOISE_WORKERS=${MUS_DEMO_NOISE:-6}
DAEMON=${MUS_DEMO_BINARY:-mus-scheduler}
# More arguments for the daemon; the benchmark compares several.
DAEMON_OPTIONS=()

CGROUPS=/sys/fs/cgroup
KUBEPODS=$CGROUPS/kubepods.slice
BURSTABLE=$KUBEPODS/kubepods-burstable.slice

REDIS_POD_WEIGHT=4
NOISE_POD_WEIGHT=20
REDIS_POD=redis-7c9d8f6b5-x2x9k
REDIS_UID=3f0c9a52-7d1e-4b68-9a40-5e2b8c1d7f06
REDIS_ID=6b1f0c5d9e2a48737c04d1b8e6f59a20413c7d8e9fab60251f3e8d7c6b5a4930
NOISE_POD=noise-5d8f7c9b6d-m4k2p
NOISE_UID=a81d4e0b-52c3-4f97-8b6d-0c7e9f13a2d5
NOISE_ID=e40a97b3c82d6f15a09b8c7d6e5f40312b4c6d8e0f1a3b5c7d9e1f2a4b6c8d0e

complain() {
	printf '%s: error: %s\n' "${SCENE_OF:-demo}" "$*" >&2
	exit 1
}

pod_cgroup() {
	printf '%s' "$BURSTABLE/kubepods-burstable-pod${1//-/_}.slice"
}

container_cgroup() {
	printf '%s' "$(pod_cgroup "$1")/cri-containerd-$2.scope"
}

REDIS_CGROUP=$(container_cgroup "$REDIS_UID" "$REDIS_ID")
NOISE_CGROUP=$(container_cgroup "$NOISE_UID" "$NOISE_ID")

# A cgroup with a weight, below a parent that hands the cpu controller down.
make_cgroup() {
	[[ -d $1 ]] || mkdir "$1"
	echo "$2" >"$1/cpu.weight"
	[[ $1 == *.scope ]] || echo +cpu >"$1/cgroup.subtree_control"
}

# The weights that a kubelet and a current runc write for the requests in
# manifests/: redis 100m (pod 4, container 17), noise 500m (pod 20, container
# 59), the burstable pods together 600m (24); a node of two CPUs (79).
make_cgroups() {
	grep -qw cpu "$CGROUPS/cgroup.controllers" 2>/dev/null ||
		complain "$CGROUPS is no cgroup v2 tree with a cpu controller"
	echo +cpu >"$CGROUPS/cgroup.subtree_control"
	make_cgroup "$KUBEPODS" 79
	make_cgroup "$BURSTABLE" 24
	make_cgroup "$(pod_cgroup "$REDIS_UID")" "$REDIS_POD_WEIGHT"
	make_cgroup "$REDIS_CGROUP" 17
	make_cgroup "$(pod_cgroup "$NOISE_UID")" "$NOISE_POD_WEIGHT"
	make_cgroup "$NOISE_CGROUP" 59
}

remove_cgroups() {
	local dir
	for dir in "$REDIS_CGROUP" "$NOISE_CGROUP" "$(pod_cgroup "$REDIS_UID")" \
		"$(pod_cgroup "$NOISE_UID")" "$BURSTABLE" "$KUBEPODS"; do
		[[ ! -d $dir ]] || rmdir "$dir" || true
	done
}

# Starts a command in a cgroup, in the background, as a runtime would.
start_in() {
	local cgroup=$1 log=$2
	shift 2
	bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$cgroup" "$@" >"$log" 2>&1 </dev/null &
	disown
}

kill_cgroup() {
	local waited=0
	[[ -d $1 ]] || return 0
	echo 1 >"$1/cgroup.kill"
	until grep -q '^populated 0' "$1/cgroup.events"; do
		sleep 0.1
		((++waited < 100)) || complain "the processes in $1 do not end"
	done
}

wait_for() {
	local what=$1 waited=0
	shift
	until "$@" >/dev/null 2>&1; do
		sleep 0.2
		((++waited < 150)) || complain "$what does not come up; its log is in $RUN"
	done
}

start_redis() {
	start_in "$REDIS_CGROUP" "$RUN/redis.log" redis-server --port "$REDIS_PORT" --bind 127.0.0.1 \
		--save '' --appendonly no --dir "$RUN"
	wait_for redis-server redis-cli -p "$REDIS_PORT" ping
}

# Real processes, and as many as there will be, before anything is measured.
noise_is_on() {
	(($(wc -l <"$NOISE_CGROUP/cgroup.procs") > NOISE_WORKERS))
}

start_noise() {
	start_in "$NOISE_CGROUP" "$RUN/stress-ng.log" stress-ng --cpu "$NOISE_WORKERS" --temp-path "$RUN"
	wait_for stress-ng noise_is_on
	sleep 1
}

stop_noise() {
	kill_cgroup "$NOISE_CGROUP"
}

pod_json() {
	cat <<-END
		{"metadata": {"name": "$1", "namespace": "default", "uid": "$2",
		              "labels": {"app": "$3", "app.kubernetes.io/name": "$3"}},
		 "spec": {"nodeName": "demo", "containers": [{"name": "$3", "image": "$3"}]},
		 "status": {"phase": "Running", "containerStatuses": [
		   {"name": "$3", "image": "$3", "ready": true, "containerID": "containerd://$4",
		    "state": {"running": {"startedAt": "2025-01-01T00:00:00Z"}}}]}}
	END
}

# The kubelet's read-only /pods, as a static file.
start_pods_endpoint() {
	mkdir -p "$RUN/www"
	{
		printf '{"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": [\n'
		pod_json "$REDIS_POD" "$REDIS_UID" redis "$REDIS_ID"
		printf ',\n'
		pod_json "$NOISE_POD" "$NOISE_UID" noise "$NOISE_ID"
		printf ']}\n'
	} >"$RUN/www/pods"
	busybox httpd -f -p "127.0.0.1:$PODS_PORT" -h "$RUN/www" >"$RUN/httpd.log" 2>&1 </dev/null &
	HTTPD_PID=$!
	disown
	echo "$HTTPD_PID" >"$RUN/httpd.pid"
	wait_for 'the pods endpoint' curl -sf -o /dev/null "http://127.0.0.1:$PODS_PORT/pods"
}

daemon_command() {
	printf '%s\n' "$DAEMON" run --kubelet-url "http://127.0.0.1:$PODS_PORT" --kubelet-readonly
	[[ $SOCKET == /run/mus-scheduler/api.sock ]] || printf '%s\n' --socket "$SOCKET"
	[[ $LISTEN == 127.0.0.1:9797 ]] || printf '%s\n' --listen "$LISTEN"
	[[ $STATE == /var/lib/mus-scheduler ]] || printf '%s\n' --state-dir "$STATE"
	((${#DAEMON_OPTIONS[@]} == 0)) || printf '%s\n' "${DAEMON_OPTIONS[@]}"
}

api() {
	curl -sS --fail-with-body --unix-socket "$SOCKET" "$@"
}

start_daemon() {
	local command
	mkdir -p "$(dirname "$STATE")" "$(dirname "$SOCKET")"
	mapfile -t command < <(daemon_command)
	"${command[@]}" >"$RUN/daemon.log" 2>&1 </dev/null &
	DAEMON_PID=$!
	disown
	echo "$DAEMON_PID" >"$RUN/daemon.pid"
	local waited=0
	until api -o /dev/null http://localhost/readyz 2>/dev/null; do
		kill -0 "$DAEMON_PID" 2>/dev/null || {
			cat "$RUN/daemon.log" >&2
			complain "the daemon ended"
		}
		sleep 0.2
		((++waited < 150)) || {
			cat "$RUN/daemon.log" >&2
			complain "the daemon is not ready"
		}
	done
}

stop_pid_in() {
	local pid waited=0
	[[ -s $1 ]] || return 0
	pid=$(<"$1")
	rm -f "$1"
	kill "$pid" 2>/dev/null || return 0
	while kill -0 "$pid" 2>/dev/null && ((++waited < 50)); do sleep 0.1; done
}

scene_up() {
	local program
	for program in busybox chrt curl redis-benchmark redis-cli redis-server stress-ng "$DAEMON"; do
		type -P "$program" >/dev/null || complain "there is no $program"
	done
	mkdir -p "$RUN"
	make_cgroups
	start_redis
	start_pods_endpoint
	start_daemon
}

scene_down() {
	stop_pid_in "$RUN/daemon.pid"
	stop_pid_in "$RUN/httpd.pid"
	kill_cgroup "$NOISE_CGROUP"
	kill_cgroup "$REDIS_CGROUP"
	remove_cgroups
	rm -rf "$RUN"
}

# $1 requests of kind $2. The clients stand for another machine: SCHED_FIFO, so
# that they never wait for what is being compared. One line of CSV.
load_redis() {
	chrt -f 50 redis-benchmark -p "$REDIS_PORT" -c "$CLIENTS" -n "$1" -t "$2" -d 128 --csv |
		tail -n 1 | tr -d '"'
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
	case ${1:-} in
	up)
		scene_up
		start_noise
		printf 'up; try: curl --unix-socket %s http://localhost/pods\n' "$SOCKET"
		;;
	load)
		load_redis "${2:-2000}" get |
			awk -F, '{ printf "%d ops/s, p50 %.1f ms, p99 %.1f ms\n", $2, $5, $7 }'
		;;
	down) scene_down ;;
	*)
		printf 'usage: %s up | load [REQUESTS] | down\n' "$0" >&2
		exit 2
		;;
	esac
fi
