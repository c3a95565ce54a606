# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# cpu.idle as the kernel's own scheduler has it, in the same boot and on one CPU: next to no weight, no CPU taken from
# others, and its own given up at once to whoever is outside below the lowest common ancestor.
# shellcheck source=/dev/null
. /share/lib.sh

POINTS=20 # permille

idle_group() {
	mkdir -p "$CG/$1"
	echo 1 >"$CG/$1/cpu.idle"
}

# late CGROUP PERIOD_US RUN_US: how late a task that sleeps and works by turns starts, in LATE, and is done, in DONE: each
# p50 p99 max, us.
late() {
	LATE=$(in_cgroup "$1" mus-load waker 100 "$2" "$3")
	DONE=$(echo "$LATE" | tail -n 1)
	LATE=$(echo "$LATE" | head -n 1)
}
p99() { echo "$1" | cut -d ' ' -f 2; }

# Brief, but often: it takes the CPU from most tasks soon after they have got it.
interrupter() { spawn third mus-load waker 1000000 400 5; }

mkdir -p "$CG/tree"
echo +cpu >"$CG/tree/cgroup.subtree_control"
idle_group tree/batch
mkdir -p "$CG/tree/service"

step "the kernel's own scheduler"
spawn tree/batch mus-load hog 2
spawn tree/service mus-load hog
sleep 1
measure 5 tree/batch tree/service
# shellcheck disable=SC2086
kernels=$(permille $USED)
echo "   shares of an idle group and its neighbour: $kernels"
end tree/service
sleep 0.5
late tree/service 9000 6000
echo "   a task that works two thirds of the time beside the idle one is late by (p50 p99 max, us) $LATE"
kernels_late=$(p99 "$LATE")
interrupter
late tree/service 1200 800
echo "   interrupted by a third it is done late by $DONE"
kernels_done=$(p99 "$DONE")
end third tree/batch

step "shares as there"
start_with_whole_boosts
spawn tree/batch mus-load hog 2
spawn tree/service mus-load hog
sleep 1
measure 5 tree/batch tree/service
# shellcheck disable=SC2086
shares=$(permille $USED)
echo "   measured $shares"
near $POINTS "$shares" "$kernels" || die "not so"
end tree/service
sleep 0.5

step "makes way at once for one outside"
late tree/service 9000 6000
echo "   late by $LATE"
[ "$(p99 "$LATE")" -le $((kernels_late + 1000)) ] || die "too late: the kernel's own $kernels_late"

step "boosted, an idle group has a larger share"
mus-scheduler prioritize --cgroup /tree/batch --weight 102400 || die "prioritize failed"
spawn tree/service mus-load hog
sleep 1
measure 5 tree/batch tree/service
# shellcheck disable=SC2086
shares=$(permille $USED)
echo "   measured ${shares}wanted 226 774" # 3/1024 x 100 to 100/1024 x 10.24
near 60 "$shares" "226 774" || die "not so"
end tree/service
sleep 0.5

step "and still makes way at once for one outside, however much of the CPU that one has had"
late tree/service 9000 6000
echo "   late by $LATE"
[ "$(p99 "$LATE")" -le $((kernels_late + 1000)) ] || die "too late: the kernel's own $kernels_late"

step "also when a third task interrupts that one as soon as it runs"
interrupter
late tree/service 1200 800
echo "   done late by $DONE"
[ "$(p99 "$DONE")" -le $((kernels_done + 1000)) ] || die "too late: the kernel's own $kernels_done"
end third

step "and takes no CPU from one outside"
end tree/batch
sleep 0.5
spawn tree/service mus-load hog
sleep 1
late tree/batch 20000 100
echo "   the idle one is late by $LATE"
[ "$(echo "$LATE" | cut -d ' ' -f 1)" -ge 1000 ] || die "it had the CPU at once"
end tree/service

stop_daemon
echo "idle: as Linux has it"
