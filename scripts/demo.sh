# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# ./dev demo: Redis beside a CPU hog, with and without a boost. The scene and
# the measurements are in bench/demo; this chooses where they run.
set -euo pipefail
: "${MUS_ROOT:?this is a part of ./dev demo}"

for piece in lib packages apt deps build kernels qemu vm-image vm; do
	# shellcheck source=/dev/null
	. "$MUS_ROOT/scripts/$piece.sh"
done

DEMO_OUT="$MUS_BUILD/demo"

demo_usage() {
	cat <<-'END'
		usage: ./dev demo [OPTION ...]

		Redis and 'stress-ng --cpu 6' in two pods' cgroups; redis-benchmark measures
		under the kernel's scheduler and under ours, without and with a boost.

		  --host            on this machine, which needs sched_ext and root, instead of
		                    in a virtual machine
		  --kernel SERIES   of the virtual machine (default 7.3)
		  --rounds N        (default 3)
		  --seconds N       of each row in a round, on an idle node twice (default 5)

		Exit status 1: a boost did not bring 1.5 times the throughput, or an idle node
		lost more than a tenth. Everything measured is kept in build/demo/.
	END
}

demo_in_vm() {
	install -m 755 "$MUS_ROOT"/bench/demo/*.sh "$DEMO_OUT/"
	say "booting kernel $kernel; the measurements take about four minutes"
	vm --kernel "$kernel" --timeout 1800 --share "$DEMO_OUT" -- \
		bash /share/measure.sh /share "$rounds" "$seconds"
}

demo_on_host() {
	require_bare_host demo
	# Places of its own, beside whatever is installed.
	export MUS_DEMO_RUN=/run/mus-demo MUS_DEMO_SOCKET=/run/mus-demo/api.sock
	export MUS_DEMO_LISTEN=127.0.0.1:19797 MUS_DEMO_STATE=/run/mus-demo/state
	export MUS_DEMO_PODS_PORT=19255 MUS_DEMO_BINARY="$MUS_BUILD/release/mus-scheduler"
	bash "$MUS_ROOT/bench/demo/measure.sh" "$DEMO_OUT" "$rounds" "$seconds"
}

demo() {
	local host='' kernel=7.3 rounds=3 seconds=5
	while (($#)); do
		case $1 in
		--host) host=1 ;;
		-h | --help)
			demo_usage
			return 0
			;;
		--kernel | --rounds | --seconds)
			(($# > 1)) || die "demo: $1 wants a value"
			printf -v "${1#--}" %s "$2"
			shift
			;;
		*) die "demo: no option '$1'" ;;
		esac
		shift
	done
	[[ $rounds =~ ^[1-9][0-9]?$ && $seconds =~ ^[1-9][0-9]?$ ]] ||
		die "demo: --rounds and --seconds want numbers from 1 to 99"
	mkdir -p "$DEMO_OUT"
	if [[ $host ]]; then demo_on_host; else demo_in_vm; fi
	python3 "$MUS_ROOT/bench/demo/report.py" "$DEMO_OUT"
}

demo "$@"
