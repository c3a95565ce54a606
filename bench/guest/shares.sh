# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# CPU shares: four containers with a cpu.weight of 1 : 2 : 4 : 8 and nothing
# but hogs in them, on one CPU and on all. Sourced by run.sh.

SHARES_CGROUP=$CGROUPS/mus-bench-shares

share_cgroups() {
	local weight group
	echo "+cpu +cpuset" >"$CGROUPS/cgroup.subtree_control"
	mkdir -p "$SHARES_CGROUP"
	echo "+cpu +cpuset" >"$SHARES_CGROUP/cgroup.subtree_control"
	for weight in 1 2 4 8; do
		group=$SHARES_CGROUP/w$weight
		mkdir -p "$group"
		echo $((weight * 100)) >"$group/cpu.weight"
	done
}

share_hogs() {
	local weight hog
	for weight in 1 2 4 8; do
		for ((hog = 0; hog < $1; hog++)); do
			start_in "$SHARES_CGROUP/w$weight" /dev/null busybox sh -c 'while :; do :; done'
		done
	done
}

all_hogs() {
	local weight
	for weight in 1 2 4 8; do
		(($(wc -l <"$SHARES_CGROUP/w$weight/cgroup.procs") == $1)) || return 1
	done
}

share_usage() {
	local weight
	for weight in 1 2 4 8; do usage_usec "$SHARES_CGROUP/w$weight"; done | tr '\n' ' '
}

# share_cell SCENARIO CPUS THREADS SECONDS: a line with weight and CPU time of
# each. The last CPUs, since the first also serves the machine's interrupts.
share_cell() {
	local before after start last
	last=$(($(nproc) - 1))
	echo "$((last + 1 - $2))-$last" >"$SHARES_CGROUP/cpuset.cpus"
	share_hogs "$3"
	wait_for 'all hogs' all_hogs "$3"
	sleep 2
	start=$(uptime_us)
	before=$(share_usage)
	sleep "$4"
	after=$(share_usage)
	awk -v scenario="$1" -v cpus="$2" -v threads="$3" -v before="$before" -v after="$after" \
		-v wall=$(($(uptime_us) - start)) 'BEGIN {
		split(before, b); split(after, a)
		weight = 1
		for (i = 1; i <= 4; i++) {
			print scenario "," cpus "," threads "," weight "," a[i] - b[i] "," wall
			weight *= 2
		}
	}' >>"$OUT/shares.csv"
	echo 1 >"$SHARES_CGROUP/cgroup.kill"
	wait_for 'the end of the hogs' grep -q '^populated 0' "$SHARES_CGROUP/cgroup.events"
	progress "$1 $2 CPU, $3 threads in each container: $(tail -n 4 "$OUT/shares.csv" |
		awk -F, '{ u[NR] = $5; sum += $5 } END { for (i = 1; i <= 4; i++) printf "%.1f %% ", u[i] * 100 / sum }')"
}

shares() {
	local cpus threads cpu_list thread_list
	case $SHARES in
	full) cpu_list="1 2" thread_list="1 3 16" ;;
	*) cpu_list="2" thread_list="3" ;;
	esac
	use_scheduler "$1"
	plain
	noise_off
	share_cgroups
	for cpus in $cpu_list; do
		((cpus <= $(nproc))) || continue
		for threads in $thread_list; do share_cell "$1-shares" "$cpus" "$threads" "$SHARE_SECONDS"; done
	done
	plain
	rmdir "$SHARES_CGROUP"/w* "$SHARES_CGROUP"
}
