# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# CPUs come and go under load, pinned tasks included; pinned and boosted tasks and kernel threads all go on.
# shellcheck source=/dev/null
. /share/lib.sh

cpu() { echo "$2" >/sys/devices/system/cpu/cpu"$1"/online || die "cpu$1 $2: refused"; }
attached() { status_has '"state":"attached"'; }

start_attached
mkdir -p "$CG/free" "$CG/pinned" "$CG/boosted"
for _ in 1 2 3 4 5; do spawn free mus-load hog; done
spawn pinned taskset 2 mus-load hog
spawn pinned taskset 4 mus-load hog
spawn boosted mus-load hog
mus-scheduler prioritize --cgroup /boosted || die "prioritize failed"

step "each of three CPUs off and on again, three times, under load"
for _ in 1 2 3; do
	for n in 1 2 3; do
		cpu $n 0
		sleep 1
		cpu $n 1
	done
done
step "two at once"
cpu 1 0
cpu 2 0
sleep 1
cpu 1 1
cpu 2 1
await 30 attached || die "not attached after hotplug: $(api /status)"
await 10 status_has '"applied":\[{' || die "the boost is gone: $(api /status)"

step "everything runs, the pinned tasks on their CPUs again"
measure 4 free pinned boosted
# shellcheck disable=SC2086
set -- $USED
echo "   CPU time in 4 s: free $1, pinned $2, boosted $3 us"
for spent; do [ "$spent" -gt 300000 ] || die "somebody stands still"; done

step "affinity storms and short sleepers beside it: stress-ng for 10 s"
in_cgroup free stress-ng --quiet --timeout 10 --affinity 2 --switch 2 --fork 1 || die "stress-ng failed"
attached || die "ejected: $(api /status)"

step "an RT hog takes a CPU for 3 s: boosted work moves elsewhere, nobody is ejected"
spawn rt taskset 2 chrt -f 50 mus-load hog
rt=$!
measure 3 boosted
kill -9 $rt
# shellcheck disable=SC2086
set -- $USED
echo "   boosted CPU time beside it: $1 us in 3 s"
[ "$1" -gt 1000000 ] || die "the boosted hog was stranded: $1 us in 3 s"
attached || die "ejected: $(api /status)"
api /status | grep -E 'wakeups|direct|preempt|steals|reenq|kept'
stop_daemon
echo "hotplug: as promised"
