# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What a weight entitles a container to, in CPUs, and the weight that it takes.
# The one place that knows what a weight means here; sourced by run.sh.

NORMAL_WEIGHT=1024
LARGEST_WEIGHT=102400
DEFAULT_WEIGHT=4096

# entitlement MODEL WEIGHT CPUS
# Redis at WEIGHT next to the noise, where CPUS are left to
# ordinary tasks. Before water-filling: what one of them cannot use is not
# taken into account. Models:
#   hierarchy  a weight multiplies what cpu.weight gives the pod among its
#              siblings; the noise has the rest
#   cgroup     --cpu-weight off: every container has the same without a boost
entitlement() {
	awk -v model="$1" -v weight="$2" -v cpus="$3" -v normal="$NORMAL_WEIGHT" \
		-v redis="$REDIS_POD_WEIGHT" -v noise="$NOISE_POD_WEIGHT" 'BEGIN {
		if (model == "hierarchy") others = normal * noise / redis
		else if (model == "cgroup") others = normal
		else exit 1
		printf "%.3f", cpus * weight / (weight + others)
	}' || complain "no model of weights is named '$1': hierarchy or cgroup"
}

# weight_for MODEL WANTED CPUS: the smallest power of two, from the
# default boost on, that entitles to at least WANTED CPUs; the largest weight
# there is where none does.
weight_for() {
	local weight=$DEFAULT_WEIGHT
	while ((weight < LARGEST_WEIGHT)); do
		if at_least "$(entitlement "$1" "$weight" "$3")" "$2"; then break; fi
		weight=$((weight * 2))
	done
	((weight <= LARGEST_WEIGHT)) || weight=$LARGEST_WEIGHT
	printf '%s' "$weight"
}

at_least() {
	awk -v a="$1" -v b="$2" 'BEGIN { exit !(a >= b) }'
}
