#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The comparison's measurements, in a virtual machine or on a host that has
# sched_ext: run.sh OUT. OUT/plan.conf says what to do; what came out of it
# stays in OUT as the tools printed it.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
OUT=$1
# ROUNDS SECONDS_EACH SCENARIOS BUDGET SHARES SHARE_SECONDS PIPE_LOOPS HACKBENCH_LOOPS
# shellcheck source=/dev/null
. "$OUT/plan.conf"
MUS_DEMO_NOISE=$((3 * $(nproc)))
export MUS_DEMO_NOISE
# Names us in the scene's complaints.
export SCENE_OF=bench
# shellcheck source=bench/demo/scene.sh
. "$HERE/scene.sh"
# shellcheck source=bench/guest/weight.sh
. "$HERE/weight.sh"
# shellcheck source=bench/guest/scenarios.sh
. "$HERE/scenarios.sh"
# shellcheck source=bench/guest/workloads.sh
. "$HERE/workloads.sh"
# shellcheck source=bench/guest/shares.sh
. "$HERE/shares.sh"

STARTED=$SECONDS

progress() {
	printf '[%4ds] %s\n' "$((SECONDS - STARTED))" "$*"
}

uptime_us() {
	printf '%s' "${EPOCHREALTIME/./}"
}

wanted() {
	[[ ,$SCENARIOS, == *,"$1",* ]]
}

# What Redis and its clients use on the idle node decides the weight. The
# clients are real-time, so what they hold is not there to be shared. Of three
# runs the one in which Redis used most: being disturbed only makes it less.
calibrate() {
	local file rate used load left try
	progress "calibrating: Redis on the idle node"
	redis_load 2000 set >/dev/null
	redis_load 1000 get >"$RUN/pilot.txt"
	rate=$(redis_rate "$RUN/pilot.txt")
	for try in 1 2 3; do
		file=$OUT/redis/calibration-$try.txt
		redis_measured $((rate * SECONDS_EACH)) get "$file"
		rate=$(redis_rate "$file")
	done
	read -r used load < <(awk '/ requests completed in / { s = $5 }
		/^# redis_usec=/ {
			split($2, r, "="); split($3, l, "=")
			if (r[2] / s > used) { used = r[2] / s; load = l[2] / s }
		}
		END { printf "%.3f %.3f\n", used / 1e6, load / 1e6 }' "$OUT"/redis/calibration-*.txt)
	left=$(awk -v cpus="$(nproc)" -v load="$load" 'BEGIN { printf "%.3f", cpus - load }')
	WANTED=$(awk -v used="$used" 'BEGIN { printf "%.3f", 1.2 * used }')
	BOOST_WEIGHT=$(weight_for hierarchy "$WANTED" "$left")
	progress "Redis uses $used CPUs, its clients $load; boosted it gets the weight $BOOST_WEIGHT"
	echo scenario,weight,model,idle_cpus,wanted_cpus,available_cpus,entitlement_cpus >"$OUT/boosts.csv"
	local scenario weight model
	for scenario in mus-boosted mus-boosted-default prototype-stress; do
		weight=$DEFAULT_WEIGHT model=hierarchy
		if [[ $scenario == mus-boosted ]]; then weight=$BOOST_WEIGHT; fi
		if [[ $scenario == prototype-stress ]]; then model=cgroup; fi
		echo "$scenario,$weight,$model,$used,$WANTED,$left,$(entitlement "$model" "$weight" "$left")" \
			>>"$OUT/boosts.csv"
	done
}

one_round() {
	local round=$1 i scenario workload workloads
	local count=${#SCENARIOS_ALL[@]}
	for ((i = 0; i < count; i++)); do
		if ((round % 2)); then scenario=${SCENARIOS_ALL[i]}; else scenario=${SCENARIOS_ALL[count - 1 - i]}; fi
		wanted "$scenario" || continue
		enter "$scenario"
		keep_status "$round" "$scenario" start
		workloads="redis wake"
		[[ $scenario != *-idle && $scenario != *-idle-again ]] || workloads+=" pipe hackbench"
		for workload in $workloads; do
			work "$round" "$scenario" "$workload"
			[[ ! $EJECTED ]] || {
				use_scheduler eevdf
				enter "$scenario"
			}
		done
	done
}

# What was measured with what, one NAME=VALUE a line.
conditions() {
	printf 'kernel=%s\n' "$(uname -r)"
	printf 'cpus=%s\n' "$(nproc)"
	printf 'model=%s\n' "$(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)"
	printf 'noise=stress-ng --cpu %s\n' "$NOISE_WORKERS"
	printf 'clients=%s\n' "$CLIENTS"
	printf 'seconds=%s\n' "$SECONDS_EACH"
	printf 'scheduler=%s\n' "$("$DAEMON" version | head -n 1)"
	printf 'prototype_policy=%s\n' "${PROTOTYPE_OPTIONS[*]}"
	printf 'prototype_options_missing=%s\n' "$(IFS=';' && echo "${PROTOTYPE_MISSING[*]}")"
	printf 'redis=%s\n' "$(redis-server --version | grep -o 'v=[^ ]*' | cut -c3-)"
	printf 'stress_ng=%s\n' "$(stress-ng --version | grep -oE '[0-9][0-9.]+' | head -n 1)"
	printf 'perf=%s\n' "$(perf --version | grep -oE '[0-9][0-9.]+' | head -n 1)"
}

leave() {
	keep_daemon_log || true
	cp "$RUN"/*.log "$OUT/" 2>/dev/null || true
	[[ ! -d $SHARES_CGROUP ]] || {
		echo 1 >"$SHARES_CGROUP/cgroup.kill"
		sleep 0.5
		rmdir "$SHARES_CGROUP"/w* "$SHARES_CGROUP"
	} || true
	scene_down || true
	rmdir "$LOAD_CGROUP" 2>/dev/null || true
}

main() {
	local round start program scheduler longest=0
	for program in hackbench mus-probe perf; do
		type -P "$program" >/dev/null || complain "there is no $program"
	done
	mkdir -p "$OUT"/{redis,wake,pipe,hackbench,status} "$RUN"
	trap leave EXIT
	prototype_options
	make_cgroups
	mkdir -p "$LOAD_CGROUP"
	start_redis
	start_pods_endpoint
	# shellcheck disable=SC2034
	REDIS_PID=$(head -n 1 "$REDIS_CGROUP/cgroup.procs")
	echo round,scenario,workload,counter,value >"$OUT/counters.csv"
	echo scenario,cpus,threads,weight,usec,wall_usec >"$OUT/shares.csv"
	echo round,scenario,workload >"$OUT/ejections.csv"
	conditions >"$OUT/conditions.txt"
	progress "kernel $(uname -r), $(nproc) CPUs, $ROUNDS rounds of $SECONDS_EACH s for each workload"
	# First, since how long they take is known.
	for scheduler in eevdf mus; do
		if wanted "$scheduler-shares"; then shares "$scheduler"; fi
	done
	use_scheduler eevdf
	calibrate
	for ((round = 1; round <= ROUNDS; round++)); do
		start=$SECONDS
		# A round that would not fit is not begun; a first one always is.
		if ((round > 1 && SECONDS - STARTED + longest > BUDGET)); then
			progress "the time is up: $((round - 1)) rounds instead of $ROUNDS"
			break
		fi
		one_round "$round"
		echo "rounds=$round" >"$OUT/rounds.txt"
		((SECONDS - start <= longest)) || longest=$((SECONDS - start))
	done
	echo "seconds_in_all=$((SECONDS - STARTED))" >>"$OUT/conditions.txt"
	progress "measured"
}

main
