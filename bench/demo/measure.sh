#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The demo's measurements, in a virtual machine or on a host that has sched_ext:
#   measure.sh OUT [ROUNDS [SECONDS]]
# One line of OUT/raw.csv for each measurement, of which the idle node has
# several in a round; OUT/status-*.json what the daemon said after those under
# our scheduler; OUT/commands.txt what to type.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=bench/demo/scene.sh
. "$HERE/scene.sh"

OUT=$1
ROUNDS=${2:-3}
SECONDS_EACH=${3:-5}
CSV=$OUT/raw.csv
IDLE_TURNS=4 # of each scheduler in a round
STARTED=$SECONDS

progress() {
	printf '[%3ds] %s\n' "$((SECONDS - STARTED))" "$*"
}

# Shows a command as one would type it, runs it, shows the answer.
typed() {
	local line=$1
	printf '\n  $ %s\n' "$line"
	bash -c "$line" 2>&1 | sed 's/^/  /' || complain "this command failed: $line"
	printf '\n'
}

cpu_usec() {
	awk '$1 == "usage_usec" { print $2 }' "$REDIS_CGROUP/cpu.stat"
}

uptime_ms() {
	awk '{ print int($1 * 1000) }' /proc/uptime
}

# measure ROUND ROW SECONDS: one line of raw.csv. How many requests fill the
# time shows only while it passes: a run that was over much too soon is made
# again with more.
measure() {
	local round=$1 row=$2 seconds=$3 requests=500 rate usec before result cpu
	rate=$(load_redis 300 set | awk -F, '{ print int($2) }')
	while :; do
		((rate * seconds <= requests)) || requests=$((rate * seconds))
		usec=$(cpu_usec)
		before=$(uptime_ms)
		result=$(load_redis "$requests" get)
		cpu=$(awk -v a="$usec" -v b="$(cpu_usec)" -v t="$(($(uptime_ms) - before))" \
			'BEGIN { printf "%.3f", (b - a) / 1000 / t }')
		rate=$(printf '%s\n' "$result" | awk -F, '{ print int($2) }')
		((rate * seconds > requests * 3 / 2)) || break
	done
	# test, rps, avg, min, p50, p95, p99, max
	printf '%s\n' "$result" | awk -F, -v OFS=, -v round="$round" -v row="$row" -v n="$requests" -v cpu="$cpu" \
		'{ print round, row, n, $2, $3, $5, $6, $7, $8, cpu }' >>"$CSV"
	progress "round $round/$ROUNDS  $(printf '%s\n' "$result" | awk -F, -v row="$row" \
		'{ printf "%-12s %7d ops/s  p50 %7.2f ms  p99 %7.2f ms", row, $2, $5, $7 }')"
	if [[ $row == mus-* ]]; then
		sleep 1.2 # the daemon reads its counters once a second
		api -o "$OUT/status-$round-$row.json" http://localhost/status
	fi
}

scheduler_is() {
	[[ $(cat /sys/kernel/sched_ext/state) == "$1" ]] || complain "sched_ext is $(cat /sys/kernel/sched_ext/state), not $1"
}

# Rounds take turns in how they talk to the daemon: both ways are for people.
prioritize_line() {
	if (($1 % 2)); then
		echo "curl -sS -X POST --unix-socket $SOCKET 'http://localhost/prioritize?pod=redis'"
	else
		echo "curl -sS -X POST -H \"Authorization: Bearer \$(cat $STATE/token)\" 'http://$LISTEN/prioritize?pod=redis'"
	fi
}

attach() {
	api -o /dev/null -X POST http://localhost/attach
	scheduler_is enabled
}

detach() {
	api -o /dev/null -X POST http://localhost/detach
	scheduler_is disabled
}

# The two differ by less here than a virtual machine does from one quarter of
# a minute to the next: short turns, in pairs that change their order.
idle() {
	local round=$1 turn each=$(((SECONDS_EACH * 2 + IDLE_TURNS - 1) / IDLE_TURNS))
	for ((turn = 0; turn < IDLE_TURNS; turn++)); do
		if (((turn + round) % 2)); then
			detach
			measure "$round" eevdf-idle "$each"
			attach
			measure "$round" mus-idle "$each"
		else
			attach
			measure "$round" mus-idle "$each"
			detach
			measure "$round" eevdf-idle "$each"
		fi
	done
}

noise_under_eevdf() {
	detach
	start_noise
	measure "$1" eevdf-noise "$SECONDS_EACH"
	stop_noise
}

noise_under_mus() {
	local round=$1 boost reset
	boost=$(prioritize_line "$round")
	reset=${boost/POST/DELETE}
	attach
	start_noise
	measure "$round" mus-noise "$SECONDS_EACH"
	if ((round <= 2)); then typed "$boost"; else bash -c "$boost" >/dev/null; fi
	measure "$round" mus-boosted "$SECONDS_EACH"
	if ((round == 1)); then typed "$reset"; else bash -c "$reset" >/dev/null; fi
	measure "$round" mus-reset "$SECONDS_EACH"
	stop_noise
}

main() {
	local round
	mkdir -p "$OUT"
	rm -f "$OUT"/status-*.json
	echo 'round,row,requests,ops_per_s,avg_ms,p50_ms,p95_ms,p99_ms,max_ms,redis_cpus' >"$CSV"
	trap 'cp "$RUN"/*.log "$OUT/" 2>/dev/null; scene_down' EXIT
	progress "kernel $(uname -r), $(nproc) CPUs: making kubepods cgroups, starting Redis and the daemon"
	scene_up
	typed "curl -sS --unix-socket $SOCKET http://localhost/readyz"
	progress "warming up"
	load_redis 3000 set >/dev/null
	for ((round = 1; round <= ROUNDS; round++)); do
		idle "$round"
		# Turns, so that neither is always the one on a warmer machine.
		if ((round % 2)); then
			noise_under_eevdf "$round"
			noise_under_mus "$round"
		else
			noise_under_mus "$round"
			noise_under_eevdf "$round"
		fi
	done
	{
		daemon_command | tr '\n' ' '
		printf '&\n'
		for round in 1 2; do
			prioritize_line "$round"
			prioritize_line "$round" | sed 's/POST/DELETE/'
		done
		echo "curl -sS --unix-socket $SOCKET http://localhost/priorities"
		echo "curl -sS --unix-socket $SOCKET http://localhost/status"
	} >"$OUT/commands.txt"
	uname -r >"$OUT/kernel.txt"
}

main
