# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What a weight entitles a container to, in CPUs, and the weight that it takes.
# The one place that knows what a weight means here; sourced by run.sh.

NORMAL_WEIGHT=1024
LARGEST_WEIGHT=102400
DEFAULT_WEIGHT=4096

# entitlement MODEL WEIGHT CPUS THREADS
# Redis at WEIGHT next to the noise's THREADS hogs, where CPUS are left to
# ordinary tasks. Before water-filling: what one of them cannot use is not
# taken into account. Models:
#   cgroup   a weight belongs to the cgroup, and each container without a boost
#            has 1024 (the hierarchy of cpu.weight is not looked at)
#   task     a weight belongs to each thread (the scheduler before that)
entitlement() {
	awk -v model="$1" -v weight="$2" -v cpus="$3" -v threads="$4" -v normal="$NORMAL_WEIGHT" 'BEGIN {
		if (model == "cgroup") others = normal
		else if (model == "task") others = normal * threads
		else exit 1
		printf "%.3f", cpus * weight / (weight + others)
	}' || complain "no model of weights is named '$1': cgroup or task"
}

# weight_for MODEL WANTED CPUS THREADS: the smallest power of two, from the
# default boost on, that entitles to at least WANTED CPUs; the largest weight
# there is where none does.
weight_for() {
	local weight=$DEFAULT_WEIGHT
	while ((weight < LARGEST_WEIGHT)); do
		if at_least "$(entitlement "$1" "$weight" "$3" "$4")" "$2"; then break; fi
		weight=$((weight * 2))
	done
	((weight <= LARGEST_WEIGHT)) || weight=$LARGEST_WEIGHT
	printf '%s' "$weight"
}

at_least() {
	awk -v a="$1" -v b="$2" 'BEGIN { exit !(a >= b) }'
}
