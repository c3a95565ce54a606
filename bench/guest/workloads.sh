# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The workloads. Each keeps what its tool printed, under OUT/WORKLOAD/, as
# ROUND-SCENARIO...; what that means is for the host to find out. Sourced.

LOAD_CGROUP=$CGROUPS/mus-bench-load
# No multiple of the timer tick: the wakeups drift through its phases.
WAKE_PERIOD_US=3700

# Runs a command in a cgroup and waits for it.
run_in() {
	local cgroup=$1
	shift
	bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$cgroup" "$@"
}

usage_usec() {
	awk '$1 == "usage_usec" { print $2 }' "$1/cpu.stat"
}

redis_stat() {
	redis-cli -p "$REDIS_PORT" INFO stats | awk -F'[:\r]' '
		$1 == "keyspace_hits" { hits = $2 }
		$1 == "keyspace_misses" { misses = $2 }
		$1 ~ /^total_net_(in|out)put_bytes$/ { bytes += $2 }
		END { printf "%d %d %d", hits, misses, bytes }'
}

# $1 requests of kind $2. The clients stand for another machine: SCHED_FIFO, so
# that they never wait for what is being compared. Without the progress lines.
redis_load() {
	run_in "$LOAD_CGROUP" chrt -f 50 timeout 90 redis-benchmark -p "$REDIS_PORT" -c "$CLIENTS" \
		-n "$1" -t "$2" -d 128 --precision 3 | tr '\r' '\n' | grep -v ' rps=' ||
		complain "redis-benchmark: $1 requests of kind $2 were not done within 90 s"
}

redis_rate() {
	awk '/throughput summary:/ { print int($3) }' "$1"
}

# redis_measured REQUESTS KIND FILE: with what Redis itself and its cgroup tell.
redis_measured() {
	local before after redis load
	before=$(redis_stat)
	redis=$(usage_usec "$REDIS_CGROUP")
	load=$(usage_usec "$LOAD_CGROUP")
	redis_load "$1" "$2" >"$3"
	redis=$(($(usage_usec "$REDIS_CGROUP") - redis))
	load=$(($(usage_usec "$LOAD_CGROUP") - load))
	after=$(redis_stat)
	awk -v redis="$redis" -v load="$load" -v before="$before" -v after="$after" 'BEGIN {
		split(before, b); split(after, a)
		printf "# redis_usec=%d load_usec=%d hits=%d misses=%d bytes=%d\n",
			redis, load, a[1] - b[1], a[2] - b[2], a[3] - b[3]
	}' >>"$3"
}

# One SET to four GETs, as the prototype's benchmark had it, but one after the
# other: redis-benchmark does not mix. How many requests fill the time shows
# only while it passes, so the SETs tell how many GETs to make, and GETs that
# were over much too soon are made again.
workload_redis() {
	local rate requests=250 name=$OUT/redis/$1-$2
	redis_load 200 set >"$RUN/pilot.txt"
	rate=$(redis_rate "$RUN/pilot.txt")
	((rate * SECONDS_EACH / 5 < requests)) || requests=$((rate * SECONDS_EACH / 5))
	redis_measured "$requests" set "$name-set.txt"
	rate=$(redis_rate "$name-set.txt")
	requests=1000
	while :; do
		((rate * SECONDS_EACH * 4 / 5 < requests)) || requests=$((rate * SECONDS_EACH * 4 / 5))
		redis_measured "$requests" get "$name-get.txt"
		rate=$(redis_rate "$name-get.txt")
		((rate * SECONDS_EACH * 4 / 5 > requests * 3 / 2)) || break
	done
	TOLD=$(awk '/throughput summary:/ { ops = $3 } /^ +[0-9.]+( +[0-9.]+)+$/ { p99 = $5 }
		END { printf "%d ops/s, p99 %.2f ms", ops, p99 }' "$name-get.txt")
}

# In Redis' container, like a second thread of it that wakes up to do little.
workload_wake() {
	local file=$OUT/wake/$1-$2.txt
	run_in "$REDIS_CGROUP" mus-probe waker "$SECONDS_EACH" "$WAKE_PERIOD_US" "${WAKER_AS[@]}" >"$RUN/wake.txt" ||
		complain "mus-probe waker failed"
	sort -n "$RUN/wake.txt" >"$file"
	TOLD=$(awk '{ v[NR] = $1 } END { printf "p50 %d, p99 %d us of %d", v[int((NR + 1) / 2)], v[int(NR * .99)], NR }' "$file")
}

# Two processes that hand a byte to and fro, and many that do.
pipe_command() {
	PAIRS=(perf bench sched pipe -l "$1")
}

crowd_command() {
	PAIRS=(hackbench -g 1 -f 10 -l "$1")
}

# A long run for the time, a short one for counters: counting slows it down.
# Events that an emulated processor does not have are "<not supported>".
timed_and_counted() {
	local command=$1 long=$2 short=$3 name=$4
	"$command" "$long"
	run_in "$REDIS_CGROUP" "${PAIRS[@]}" >"$name.txt"
	"$command" "$short"
	run_in "$REDIS_CGROUP" perf stat -x , -e context-switches,cpu-migrations,instructions -o "$name-stat.txt" \
		-- "${PAIRS[@]}" >/dev/null
}

workload_pipe() {
	timed_and_counted pipe_command "$PIPE_LOOPS" $((PIPE_LOOPS / 4)) "$OUT/pipe/$1-$2"
	TOLD=$(awk '/usecs\/op/ { print $1 " us" }' "$OUT/pipe/$1-$2.txt")
}

workload_hackbench() {
	timed_and_counted crowd_command "$HACKBENCH_LOOPS" $((HACKBENCH_LOOPS / 4)) "$OUT/hackbench/$1-$2"
	TOLD=$(awk '/^Time:/ { print $2 " s" }' "$OUT/hackbench/$1-$2.txt")
}

# counter ROUND SCENARIO WORKLOAD NAME VALUE
counter() {
	(IFS=, && echo "$*") >>"$OUT/counters.csv"
}

context_switches() {
	awk '$1 == "ctxt" { print $2 }' /proc/stat
}

# Of the process, since it began; nothing where the kernel does not tell.
redis_migrations() {
	awk '$1 == "se.nr_migrations" { print $3 }' "/proc/$REDIS_PID/sched" 2>/dev/null || true
}

# The scheduler's counters, which the daemon reads once a second. That is waited
# for on the idle node only, where they are compared; the others' are up to a
# second old.
keep_status() {
	[[ $SCHEDULER != eevdf ]] || return 0
	if [[ $2 == *-idle && $3 != start ]]; then sleep 1.2; fi
	api -o "$OUT/status/$1-$2-$3.json" http://localhost/status
}

# Counts how often a sched_ext scheduler was attached.
attachments() {
	[[ $SCHEDULER == eevdf ]] || cat /sys/kernel/sched_ext/enable_seq
}

# work ROUND SCENARIO WORKLOAD: one cell, with what can be counted beside it.
# Sets EJECTED if the kernel took our scheduler off meanwhile: what was measured
# is then its own scheduler's, and is put aside.
work() {
	local switches migrations attached start=$SECONDS
	switches=$(context_switches)
	migrations=$(redis_migrations)
	attached=$(attachments)
	TOLD=''
	# shellcheck disable=SC2034
	EJECTED=''
	"workload_$3" "$1" "$2"
	if [[ $SCHEDULER != eevdf ]] && { ! scx_is enabled || [[ $(attachments) != "$attached" ]]; }; then
		# shellcheck disable=SC2034
		EJECTED=1
		echo "$1,$2,$3" >>"$OUT/ejections.csv"
		mkdir -p "$OUT/ejected"
		mv "$OUT/$3/$1-$2"* "$OUT/ejected/"
		progress "round $1/$ROUNDS $2 $3: the kernel took our scheduler off; not counted ($((SECONDS - start)) s)"
		return 0
	fi
	counter "$1" "$2" "$3" context_switches $(($(context_switches) - switches))
	if [[ $3 == redis && $migrations ]]; then
		counter "$1" "$2" "$3" redis_migrations $(($(redis_migrations) - migrations))
	fi
	keep_status "$1" "$2" "$3"
	progress "round $1/$ROUNDS $2 $3: $TOLD ($((SECONDS - start)) s)"
}
