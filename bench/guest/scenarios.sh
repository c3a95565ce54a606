# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# The scenarios: which scheduler, with or without noise, and what is done for
# Redis. Sourced by run.sh after scene.sh.

# In the order of a round; every second round goes backwards. The idle node
# under both schedulers stands side by side, and next to it the same thing once
# more, which shows what two equal measurements differ by.
SCENARIOS_ALL=(
	eevdf-stress eevdf-tuned eevdf-cpuidle fifo-stress prototype-stress
	eevdf-idle-again eevdf-idle mus-idle mus-stress mus-boosted mus-boosted-default
)

SHORT_SLICE_NS=100000
SCHEDULER=eevdf
NOISE=
BOOSTED=

# What the policy of the prototype is in our options: one queue for all CPUs,
# no look for an idle one, nobody preempted, 10 ms. Options that this program
# lacks are left out, and named in the conditions.
prototype_options() {
	local help
	help=$("$DAEMON" run --help)
	PROTOTYPE_OPTIONS=()
	PROTOTYPE_MISSING=()
	# Values are looked at before --help is. Microseconds, where it knows no units.
	if "$DAEMON" run --slice 10ms --help >/dev/null 2>&1; then
		PROTOTYPE_OPTIONS+=(--slice 10ms)
	else
		PROTOTYPE_OPTIONS+=(--slice 10000)
	fi
	prototype_option --wakeup-preemption off
	prototype_option --idle-selection off
	prototype_option --queues one
	prototype_option --cpu-weight off
}

prototype_option() {
	if grep -q -- "$1 " <<<"$help"; then PROTOTYPE_OPTIONS+=("$@"); else PROTOTYPE_MISSING+=("$*"); fi
}

scx_is() {
	[[ $(cat /sys/kernel/sched_ext/state) == "$1" ]]
}

# What has just started or was just done is none of the next scenario's: a
# second passes before anything is measured. start_noise does so itself.
noise_on() {
	if [[ $NOISE ]]; then
		SETTLED=
		return 0
	fi
	start_noise
	SETTLED=1
	NOISE=1
}

noise_off() {
	[[ $NOISE ]] || return 0
	stop_noise
	NOISE=
}

# Each start of the daemon begins a new log.
keep_daemon_log() {
	[[ -s $RUN/daemon.log ]] || return 0
	cat "$RUN/daemon.log" >>"$OUT/daemon.log"
	rm "$RUN/daemon.log"
}

# Under EEVDF no daemon of ours runs: what ours costs an idle node includes it.
# Daemons come and go without noise, which would only make that slow.
use_scheduler() {
	[[ $1 != "$SCHEDULER" ]] || return 0
	noise_off
	# Else the next daemon would have them, too.
	[[ ! $BOOSTED ]] || api -o /dev/null -X DELETE 'http://localhost/prioritize?all=true'
	stop_pid_in "$RUN/daemon.pid"
	wait_for "the kernel's own scheduler" scx_is disabled
	keep_daemon_log
	BOOSTED=
	SCHEDULER=$1
	case $1 in
	eevdf) return 0 ;;
	mus) DAEMON_OPTIONS=(--boost-ceiling 1 --node-floor 0) ;; # what a weight gives, whatever others keep
	prototype) DAEMON_OPTIONS=("${PROTOTYPE_OPTIONS[@]}") ;;
	*) complain "no scheduler '$1'" ;;
	esac
	start_daemon
	wait_for 'our scheduler' scx_is enabled
}

# As Kubernetes leaves it: its weights, nothing boosted, ordinary tasks.
plain() {
	# First, since an idle group refuses a weight.
	echo 0 >"$(pod_cgroup "$NOISE_UID")/cpu.idle"
	make_cgroups
	chrt --all-tasks --other --pid 0 "$REDIS_PID"
	if [[ $BOOSTED ]]; then
		api -o /dev/null -X DELETE 'http://localhost/prioritize?all=true'
		BOOSTED=
	fi
}

boost() {
	api -X POST "http://localhost/prioritize?pod=redis&weight=$1" | grep -q cgroup_id ||
		complain "POST /prioritize with the weight $1 was not applied; $RUN/daemon.log tells more"
	BOOSTED=1
}

# Every level from the root down to Redis, and the noise's own below the fork.
favour_redis() {
	local group
	for group in "$KUBEPODS" "$BURSTABLE" "$(pod_cgroup "$REDIS_UID")" "$REDIS_CGROUP"; do
		echo 10000 >"$group/cpu.weight"
	done
}

# Makes the scenario $1 be so.
enter() {
	case $1 in
	mus-*) use_scheduler mus ;;
	prototype-*) use_scheduler prototype ;;
	*) use_scheduler eevdf ;;
	esac
	plain
	case $1 in
	*-idle | *-idle-again)
		noise_off
		SETTLED=
		;;
	*) noise_on ;;
	esac
	WAKER_AS=()
	case $1 in
	eevdf-tuned)
		favour_redis
		echo 1 >"$(pod_cgroup "$NOISE_UID")/cpu.weight"
		echo 1 >"$NOISE_CGROUP/cpu.weight"
		;;
	eevdf-cpuidle)
		favour_redis
		echo 1 >"$(pod_cgroup "$NOISE_UID")/cpu.idle"
		mus-probe slice "$REDIS_PID" "$SHORT_SLICE_NS" || complain "no short slice for Redis"
		WAKER_AS=(slice "$SHORT_SLICE_NS")
		;;
	fifo-stress)
		chrt --all-tasks --fifo --pid 1 "$REDIS_PID"
		WAKER_AS=(fifo)
		;;
	prototype-stress | mus-boosted-default) boost "$DEFAULT_WEIGHT" ;;
	mus-boosted) boost "$BOOST_WEIGHT" ;;
	esac
	[[ $SETTLED ]] || sleep 1
}
