# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# An idle group with a boost still makes way at once for whoever is outside below the lowest common ancestor. Open: one
# that wakes while something else than the idle group has the CPU waits for its turn by share, now and then.
# shellcheck source=/dev/null
. /share/lib.sh

idle_group() {
	mkdir -p "$CG/$1"
	echo 1 >"$CG/$1/cpu.idle"
}

# late CGROUP PERIOD_US RUN_US: sets LATE to how late a task that sleeps and works by turns starts: p50 p99 max, us.
late() { LATE=$(in_cgroup "$1" mus-load waker 100 "$2" "$3" | head -n 1); }
p99() { echo "$LATE" | cut -d ' ' -f 2; }

mkdir -p "$CG/tree"
echo +cpu >"$CG/tree/cgroup.subtree_control"
idle_group tree/batch
mkdir -p "$CG/tree/service"

step "the kernel's own scheduler"
spawn tree/batch mus-load hog 2
sleep 0.5
late tree/service 9000 6000
echo "   a task that works two thirds of the time beside the idle one is late by (p50 p99 max, us) $LATE"
kernels_late=$(p99)
end tree/batch

start_with_whole_boosts
spawn tree/batch mus-load hog 2
mus-scheduler prioritize --cgroup /tree/batch --weight 102400 || die "prioritize failed"
sleep 1

step "boosted, it still makes way at once for one outside, however much of the CPU that one has had"
late tree/service 9000 6000
echo "   late by $LATE"
[ "$(p99)" -le $((kernels_late + 1000)) ] || die "too late: the kernel's own $kernels_late"

stop_daemon
echo "idle-boosted: a boost is no preference"
