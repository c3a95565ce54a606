# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# ./dev bench: the comparison of schedulers. What is measured is in bench/guest,
# what is made of it in bench/compare; this chooses where it runs and how long.
set -euo pipefail
: "${MUS_ROOT:?this is a part of ./dev bench}"

for piece in lib packages apt deps build kernels qemu vm-image vm; do
	# shellcheck source=/dev/null
	. "$MUS_ROOT/scripts/$piece.sh"
done

BENCH_RESULTS="$MUS_ROOT/bench/results"
# Debian's own, whose matplotlib it is, whatever else is in PATH.
BENCH_PYTHON=/usr/bin/python3
BENCH_EVERYTHING=eevdf-shares,mus-shares,eevdf-stress,eevdf-tuned,eevdf-cpuidle,fifo-stress,prototype-stress,eevdf-idle-again,eevdf-idle,mus-idle,mus-stress,mus-boosted,mus-boosted-default

bench_usage() {
	cat <<-'END'
		usage: ./dev bench [OPTION ...]

		Redis, a periodic waker, pairs and crowds of processes, and CPU shares, under
		the kernel's scheduler (with Kubernetes' weights, and tuned by hand as well as
		it can be), under the prototype's policy and under ours; idle and beside
		'stress-ng --cpu 3 x CPUs'. Rounds are interleaved in one boot. Writes
		bench/results/KERNEL-DATE/ (raw/, *.csv, summary.json, report.html, pictures),
		and bench/results/latest points there. docs/benchmarks.md explains it.

		  --quick              up to 3 rounds of 1 s, within 6 minutes and without the control
		                       eevdf-idle-again; else 6 rounds of 5 s, within an hour
		  --rounds N           at most so many, as far as the time goes
		  --seconds N          of each workload in a round
		  --minutes N          the time that the rounds may take in all
		  --scenarios A,B,...  only these (see below)
		  --kernel SERIES      of the virtual machine (default 7.3); may be repeated
		  --cpus N             processors of the virtual machine (default 2)
		  --clock instructions the virtual machine's time passes with the instructions that
		                       it executes: figures repeat, and take longer to get
		  --host               on this machine, which needs sched_ext and root, instead of
		                       in a virtual machine
		  --with-published DIR the prototype's published CSV files, beside ours
		  --check              compare with the acceptance bounds: status 1 and a line for
		                       each one that is missed
		  --report [DIR]       measure nothing: make the report (and --check) again
		  --publish            measure nothing: put the latest table and picture into docs/
		  --post               only how long POST /prioritize takes
		  --reconcile          only how long it takes to tell what 1024 boosts act on
		                       among 1000 pods; status 1 above 50 ms
		  --footprint          only what an idle daemon costs with 250 and with 1000 pods,
		                       and to parse a list of 10000; status 1 above 32 and
		                       64 MB, 0.1 % of a CPU, a second and 128 MB
		  --division           only how long it takes to divide CPU time between 1000
		                       cgroups; status 1 above a millisecond
		  --rules              only how long 1000 rules about 750 containers take, and what it
		                       costs to read the signals of 250 pods; status 1 above 20 ms and
		                       half a percent of a CPU
		  --tuning             only what values of --slice and --lag cost and buy
		  --meters             only what it costs to meter how long containers wait
		  --help               this text

	END
	printf 'Scenarios:\n'
	tr ',' '\n' <<<"$BENCH_EVERYTHING" | pr -2 -t -w 60 -l 7 | sed 's/^/  /'
}

bench_post() {
	mkdir -p "$MUS_BUILD/bench"
	python3 "$MUS_ROOT/bench/post_latency.py" "$MUS_BUILD/release/mus-scheduler" \
		--p99-ms 5 --json "$MUS_BUILD/bench/post_latency.json"
	say "the figures are in build/bench/post_latency.json"
}

bench_footprint() {
	local list="$MUS_BUILD/bench/pods.json" status=0 pods rss
	mkdir -p "$MUS_BUILD/bench"
	while read -r pods rss; do
		python3 "$MUS_ROOT/bench/footprint.py" "$MUS_BUILD/release/mus-scheduler" --pods "$pods" --rss-mb "$rss" \
			--cpu-percent 0.1 --json "$MUS_BUILD/bench/footprint-$pods.json" || status=1
	done <<<$'250 32\n1000 64'
	PYTHONPATH="$MUS_ROOT/bench" PYTHONDONTWRITEBYTECODE=1 python3 -c 'import made_up_node, sys
sys.stdout.buffer.write(made_up_node.pod_list(10000))' >"$list"
	"$MUS_BUILD/release/bench/mus-pod-list" "$list" 1000 128 || status=1
	rm -f "$list"
	return "$status"
}

bench_reconcile() {
	"$MUS_BUILD/release/bench/mus-reconcile" 100 50
}

# 40 ms pass between two divisions: one of them takes a fortieth at most.
bench_division() {
	"$MUS_BUILD/release/bench/mus-division" 1000 1000
}

bench_rules() {
	local status=0
	"$MUS_BUILD/release/bench/mus-rules" 50 20 || status=1
	"$MUS_BUILD/release/bench/mus-signals" 250 60 0.5 || status=1
	return "$status"
}

# By instructions: what is compared are microseconds.
bench_tuning() {
	local share="$MUS_BUILD/bench/tuning"
	mkdir -p "$share"
	cp "$MUS_ROOT"/bench/guest/{one_daemon,tuning}.sh "$share/"
	vm --kernel "${kernels[0]:-7.3}" --cpus 1 --clock instructions --timeout 1800 --share "$share" -- bash /share/tuning.sh
}

bench_meters() {
	local share="$MUS_BUILD/bench/meters"
	rm -rf "$share"
	mkdir -p "$share/tools"
	vm_copy_programs "$share/tools" "$(type -P perf)"
	cp "$MUS_ROOT"/bench/guest/{one_daemon,meters}.sh "$share/"
	bench_tools_first meters.sh >"$share/in-vm.sh"
	vm --kernel "${kernels[0]:-7.3}" --cpus 1 --clock instructions --timeout 1800 --share "$share" -- bash /share/in-vm.sh
}

bench_compare() {
	PYTHONPATH="$MUS_ROOT/bench" PYTHONDONTWRITEBYTECODE=1 "$BENCH_PYTHON" -m compare "$@"
}

bench_plan() {
	local shares=short share_seconds=5
	[[ $quick ]] || shares=full share_seconds=10
	cat <<-END
		ROUNDS=$rounds
		SECONDS_EACH=$seconds
		SCENARIOS=$scenarios
		BUDGET=$budget
		SHARES=$shares
		SHARE_SECONDS=$share_seconds
		PIPE_LOOPS=$((seconds * 2000))
		HACKBENCH_LOOPS=$((seconds * 200))
	END
}

# perf is large, so it is not in every machine's image: a script that puts it there and becomes another.
bench_tools_first() {
	cat <<-'END'
		set -e
		# Never over what runs: the C library is among it.
		cd /share/tools
		find . -type f | while read -r file; do
			[ -e "/$file" ] || { mkdir -p "/${file%/*}" && cp -p "$file" "/$file"; }
		done
		# It holds memory maps and RCU for seconds beside hogs, whatever schedules.
		echo never >/sys/kernel/mm/transparent_hugepage/enabled
	END
	echo "exec bash /share/$*"
}

bench_share() {
	share="$MUS_BUILD/bench/share"
	rm -rf "$share"
	mkdir -p "$share/out" "$share/tools"
	install -m 755 "$MUS_ROOT"/bench/demo/scene.sh "$MUS_ROOT"/bench/guest/*.sh "$share/"
	bench_tools_first run.sh /share/out >"$share/in-vm.sh"
}

bench_in_vm() {
	local patience=2
	# The budget is in the machine's own seconds.
	[[ $clock == host ]] || patience=10
	vm_copy_programs "$share/tools" "$(type -P perf)"
	say "booting kernel $kernel ($accel)"
	vm --kernel "$kernel" --cpus "$cpus" --timeout "$((budget * patience + 900))" --clock "$clock" --share "$share" -- bash /share/in-vm.sh
}

bench_on_host() {
	require_bare_host benchmark
	MUS_DEMO_RUN=/run/mus-bench MUS_DEMO_SOCKET=/run/mus-bench/api.sock MUS_DEMO_LISTEN=127.0.0.1:19797 \
		MUS_DEMO_STATE=/run/mus-bench/state MUS_DEMO_PODS_PORT=19255 \
		MUS_DEMO_BINARY="$MUS_BUILD/release/mus-scheduler" PATH="$MUS_DEPS/bin:$MUS_BUILD/release/vm-bin:$PATH" \
		bash "$share/run.sh" "$share/out"
}

# Ticks that this machine's processors were busy, and that our children took.
bench_busy() {
	awk '/^cpu / { print $2 + $3 + $4 + $7 + $8 + $9 }' /proc/stat
}

# Sets OWN. Not in a subshell, whose children would be others.
bench_own() {
	times >"$MUS_BUILD/bench/times"
	OWN=$(awk -v hz="$(getconf CLK_TCK)" '
		NR == 2 { gsub(/[ms]/, " "); print int(($1 * 60 + $2 + $3 * 60 + $4) * hz) }' "$MUS_BUILD/bench/times")
}

# What the guest cannot know: what else this machine did meanwhile, in CPUs.
bench_conditions() {
	local others
	bench_own
	others=$(awk -v busy=$(($(bench_busy) - busy)) -v own=$((OWN - own)) -v t=$((SECONDS - start)) \
		-v hz="$(getconf CLK_TCK)" 'BEGIN { o = (busy - own) / hz / (t ? t : 1); printf "%.2f", (o > 0 ? o : 0) }')
	printf '%s\n' "where=$([[ $host ]] && echo host || echo virtual machine)" \
		"accelerator=$accel" "clock=$clock" "host_cpus=$(nproc)" "host_other_cpus=$others" "date=$(date -u +%Y-%m-%dT%H:%MZ)" \
		"revision=$(git -C "$MUS_ROOT" describe --always --dirty --abbrev=12 2>/dev/null || echo unknown)" \
		"quick=${quick:-0}"
}

bench_measure() {
	local share accel busy own start=$SECONDS to status=0
	if [[ $host ]]; then accel=none; else accel=$(vm_accel "$clock"); fi
	bench_share
	bench_plan >"$share/out/plan.conf"
	busy=$(bench_busy)
	bench_own
	own=$OWN
	if [[ $host ]]; then bench_on_host || status=$?; else bench_in_vm || status=$?; fi
	[[ -s $share/out/rounds.txt ]] || die "bench: no round was finished (status $status); what there is lies in build/bench/share/out"
	# What was measured before a failure is worth a look.
	((status == 0)) || say "the measurements ended early, with status $status"
	bench_conditions >>"$share/out/conditions.txt"
	to="$BENCH_RESULTS/$(sed -n 's/^kernel=//p' "$share/out/conditions.txt")-$(date +%Y%m%d-%H%M%S)"
	mkdir -p "$to"
	mv "$share/out" "$to/raw"
	ln -sfn "${to##*/}" "$BENCH_RESULTS/latest"
	bench_compare "$to" "${report_options[@]}" || status=1
	return "$status"
}

# From $2 to $3, named $1.
bench_number() {
	[[ $2 =~ ^[1-9][0-9]{0,3}$ ]] || die "bench: $1 wants a number, not '$2'"
}

bench_known() {
	local name
	for name in ${1//,/ }; do
		[[ ,$BENCH_EVERYTHING, == *,"$name",* ]] || die "bench: no scenario '$name'; './dev bench --help' lists them"
	done
}

bench() {
	local host='' quick='' rounds='' seconds='' minutes='' scenarios='' kernels=() kernel cpus=2 clock=host
	local only='' report='' publish='' report_options=() budget one status=0
	while (($#)); do
		case $1 in
		--rounds | --seconds | --minutes | --scenarios | --kernel | --cpus | --clock | --with-published)
			(($# > 1)) || die "bench: $1 wants a value"
			;;
		esac
		case $1 in
		--host) host=1 ;;
		--quick) quick=1 ;;
		--check) report_options+=(--check) ;;
		--publish) publish=1 ;;
		--post)
			bench_post
			return
			;;
		--footprint)
			bench_footprint
			return
			;;
		--division)
			bench_division
			return
			;;
		--rules)
			bench_rules
			return
			;;
		--reconcile)
			bench_reconcile
			return
			;;
		--tuning | --meters) only=${1#--} ;;
		--report)
			report=$BENCH_RESULTS/latest
			if [[ ${2:-} && $2 != --* ]]; then report=$2 && shift; fi
			;;
		-h | --help)
			bench_usage
			return
			;;
		--kernel) kernels+=("$2") && shift ;;
		--clock) clock=$2 && shift ;;
		--with-published)
			[[ -d $2 ]] || die "bench: no directory $2"
			report_options+=(--with-published "$(readlink -e "$2")")
			shift
			;;
		--rounds | --seconds | --minutes | --cpus | --scenarios)
			printf -v "${1#--}" %s "$2"
			[[ $1 == --scenarios ]] || bench_number "$1" "$2"
			shift
			;;
		*) die "bench: no option '$1'; './dev bench --help' lists them" ;;
		esac
		shift
	done
	if [[ ! $scenarios ]]; then
		scenarios=$BENCH_EVERYTHING
		[[ ! $quick ]] || scenarios=${scenarios/eevdf-idle-again,/}
	fi
	bench_known "$scenarios"
	[[ $clock == host || $clock == instructions ]] || die "bench: --clock knows host and instructions"
	[[ $clock == host || ! $host ]] || die "bench: --clock instructions is for virtual machines; leave out --host"
	packages_install "${PACKAGES_BENCH[@]}"
	if [[ $only ]]; then
		"bench_$only"
	elif [[ $publish ]]; then
		bench_compare "${report:-$BENCH_RESULTS/latest}" --publish "$MUS_ROOT"
	elif [[ $report ]]; then
		bench_compare "$report" "${report_options[@]}"
	else
		if [[ $quick ]]; then
			: "${rounds:=3}" "${seconds:=1}"
			budget=325 # leaves half a minute for boot and report
		else
			: "${rounds:=6}" "${seconds:=5}"
			budget=3000
		fi
		[[ ! $minutes ]] || budget=$((minutes * 60))
		((${#kernels[@]})) || kernels=(7.3)
		[[ ! $host ]] || kernels=(host)
		for kernel in "${kernels[@]}"; do
			# Not "bench_measure ||": a condition would switch off errexit inside.
			set +e
			(
				set -e
				bench_measure
			)
			one=$?
			set -e
			((one == 0)) || status=1
		done
		return "$status"
	fi
}

bench "$@"
