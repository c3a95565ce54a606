#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What it costs to meter how long each container runs and waits: two tasks that wake each other by turns, which is
# nearly all scheduling, on one CPU whose time passes with its instructions. Needs mus-scheduler and perf on PATH.
set -euo pipefail

# shellcheck source=/dev/null
. "${0%/*}/one_daemon.sh"

ROUNDS=7
LOOPS=20000

# How long a turn takes, in us.
pipe_us() { in_cgroup pair perf bench sched pipe -l "$LOOPS" 2>&1 | awk '/usecs\/op/ { print $1 }'; }

metered() {
	with --meters "$1"
	pipe_us
	without
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

for ((round = 1; round <= ROUNDS; round++)); do
	eevdf[round]=$(pipe_us) on[round]=$(metered on) off[round]=$(metered off)
	echo "round $round of $ROUNDS: us for a turn: the kernel's own scheduler ${eevdf[round]}, ours metered ${on[round]}, not metered ${off[round]}"
done
printf '%s\n' "$(printf '%s\n' "${on[@]}" | median)" "$(printf '%s\n' "${off[@]}" | median)" "$(printf '%s\n' "${eevdf[@]}" | median)" |
	awk '{ v[NR] = $1 } END {
		printf "meters: medians %.3f us with, %.3f us without, %.3f us under the kernel'"'"'s own: +%.1f %%\n",
			v[1], v[2], v[3], 100 * (v[1] / v[2] - 1)
	}'
