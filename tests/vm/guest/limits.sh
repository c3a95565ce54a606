# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# cpu.max limits as under the kernel's own scheduler, at every level of the tree, and lets go in time: two CPUs.
# shellcheck source=/dev/null
. /share/lib.sh

LONG=$((10 * WINDOWS))
PERIOD=100000 # us

# Of all CPUs together.
idle_ms() { awk '$1 == "cpu" { printf "%d", $5 * 10 }' /proc/stat; }

# at CGROUP...: the time and what each has used, in us, by one process.
at() {
	files=
	for group in "$@"; do files="$files $CG/$group/cpu.stat"; done
	# shellcheck disable=SC2086
	awk 'FNR == NR { printf "%d ", $1 * 1000000 } $1 == "usage_usec" { printf "%d ", $2 }' /proc/uptime $files
}

# of_cpu SECONDS CGROUP...: sets PERMILLE to what each used, in thousandths of a CPU.
of_cpu() {
	seconds=$1
	shift
	before=$(at "$@")
	sleep "$seconds"
	PERMILLE=$(echo "$before $(at "$@")" | awk '{ n = NF / 2; for (i = 2; i <= n; i++) printf "%d ", 1000 * ($(i + n) - $i) / ($(1 + n) - $1) }')
}

# expect_limits "WANTED ..." CGROUP...: used at least 95 %, at most 103 % of each.
expect_limits() {
	wanted=$1
	shift
	of_cpu "$LONG" "$@"
	echo "   used ${PERMILLE}of $wanted permille"
	# shellcheck disable=SC2086
	echo $PERMILLE $wanted | awk '{ n = NF / 2; for (i = 1; i <= n; i++) if ($i * 100 < $(i + n) * 95 || $i * 100 > $(i + n) * 103) exit 1 }' ||
		{
			mus-scheduler status --json | grep -A 12 '"limits"'
			die "not so"
		}
}

limited tenth 10000 $PERIOD
limited half 50000 $PERIOD
limited wide 150000 $PERIOD
limited pod 40000 $PERIOD
echo +cpu >"$CG/pod/cgroup.subtree_control"
limited pod/one 20000 $PERIOD

# Those together that the two CPUs have time for.
step "the kernel's own scheduler"
spawn tenth mus-load hog 2
spawn half mus-load hog 3
spawn pod/one mus-load hog 2
spawn pod/two mus-load hog 2
sleep 1
of_cpu 3 tenth half pod/one pod
echo "   used ${PERMILLE}of 100 500 200 400 permille"
end tenth half pod/one pod/two
spawn wide mus-load hog 4
sleep 1
of_cpu 3 wide
echo "   used ${PERMILLE}of 1500 permille"
end wide
start_attached --allow-ignore-limit
sleep 1

step "a tenth, a half and one and a half of a CPU"
for part in "tenth 100 2" "half 500 3" "wide 1500 4"; do
	# shellcheck disable=SC2086
	set -- $part
	spawn "$1" mus-load hog "$3"
	sleep 0.5
	expect_limits "$2" "$1"
	end "$1"
	await 5 gone "$1" || die "$1 is still populated"
done

step "what one may not use is there for the others"
spawn half mus-load hog 2
spawn free mus-load hog 2
sleep 0.5
idle_before=$(idle_ms)
of_cpu "$LONG" half free
idle=$(($(idle_ms) - idle_before))
echo "   used $PERMILLE of 500 1500 permille, the daemon and others the rest; idle: $idle ms"
[ $((idle * 100)) -le $((LONG * 2000)) ] || die "CPUs were idle for more than a hundredth"
end half free

step "a container's limit and its pod's"
spawn pod/one mus-load hog 2
spawn pod/two mus-load hog 2
sleep 0.5
expect_limits "200 400" pod/one pod
end pod/one pod/two

step "threads that sleep and wake get no more"
limited sleepers 20000 $PERIOD
spawn sleepers mus-load pulse 16 1000 3000
sleep 0.5
expect_limits 200 sleepers
end sleepers

step "a burst is what was not used before"
limited bursty 20000 $PERIOD
echo 20000 >"$CG/bursty/cpu.max.burst"
spawn bursty mus-load hog
sleep 0.5
expect_limits 200 bursty
end bursty

step "a change counts within two periods, and so does taking the limit away"
spawn half mus-load hog
sleep 1
echo "10000 $PERIOD" >"$CG/half/cpu.max"
sleep 0.2
of_cpu 2 half
echo "   lowered: used $PERMILLE of 100 permille"
near 20 "$PERMILLE" 100 || die "not so"
echo "max $PERIOD" >"$CG/half/cpu.max"
sleep 0.2
of_cpu 1 half
echo "   lifted: used $PERMILLE of 1000 permille"
[ "${PERMILLE% }" -ge 900 ] || die "not so"
echo "50000 $PERIOD" >"$CG/half/cpu.max"
sleep 0.2
of_cpu 2 half
echo "   set again: used $PERMILLE of 500 permille"
near 50 "$PERMILLE" 500 || die "not so"
echo "1000 1000000" >"$CG/half/cpu.max"
sleep 3
echo "max $PERIOD" >"$CG/half/cpu.max"
sleep 0.2
of_cpu 1 half
echo "   lifted from a thousandth: used $PERMILLE of 1000 permille"
[ "${PERMILLE% }" -ge 900 ] || die "not so"
end half

step "a boost may lift the limits of its target, but none above it, and they hold again when it ends"
spawn pod/one mus-load hog 2
sleep 0.5
mus-scheduler prioritize --cgroup /pod/one --ignore-limit || die "prioritize failed"
sleep 0.2
of_cpu 3 pod/one
echo "   its own of 200 lifted, of 400 above: used $PERMILLE permille"
near 20 "$PERMILLE" 400 || die "not so"
mus-scheduler prioritize --cgroup /pod --ignore-limit || die "prioritize failed"
mus-scheduler reset --cgroup /pod/one || die "reset failed"
sleep 0.2
of_cpu 2 pod/one
echo "   both lifted: used $PERMILLE permille"
[ "${PERMILLE% }" -ge 1700 ] || die "not so"
mus-scheduler reset --all || die "reset failed"
sleep 0.3
of_cpu 3 pod/one
echo "   and taken back: used $PERMILLE of 200 permille"
near 20 "$PERMILLE" 200 || die "not so"
end pod/one

step "killed while parked, it is gone at once, and so is its cgroup"
limited tiny 1000 1000000
spawn tiny mus-load hog 8
sleep 2
from=$(now_ms)
end tiny
await 5 gone tiny || die "still there"
echo "   gone after $(($(now_ms) - from)) ms"
[ $(($(now_ms) - from)) -le 400 ] || die "too late"
await 5 rmdir "$CG/tiny" || die "the cgroup cannot be removed"

scx_is enabled || die "the scheduler is gone"
stop_daemon
echo "limits: cpu.max holds"
