# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# A real-time task takes a CPU for seconds: nobody who could run elsewhere stays behind it.
# shellcheck source=/dev/null
. /share/lib.sh

start_attached
step "tasks that may run everywhere, beside real-time ones that take CPU 1 again and again for two seconds"
# Above all others, so that it is not itself among the measured.
spawn loud chrt -f 50 taskset 2 mus-load pulse 1 2000000 20000
spawn meek sh -c 'exec mus-load gaps 6 2 >/tmp/meek'
waiting=$!
spawn busy mus-load pulse 2 500 500
wait $waiting
echo "   the longest that one of two spinning threads did not run: $(($(cat /tmp/meek) / 1000)) ms"
[ "$(cat /tmp/meek)" -le 1000000 ] || die "a task was stranded behind the real-time one"
scx_is enabled || die "ejected: $(api /status)"
[ "$(api /status | tr -d ' \n' | grep -o '"reenqueues":[0-9]*' | cut -d: -f2)" -gt 0 ] || die "nothing was taken back from CPU 1"
for group in loud meek busy; do echo 1 >"$CG/$group/cgroup.kill"; done

step "a boosted task that real-time ones displace takes the other CPU at once, whatever runs there"
# figure NAME: of its waits for a CPU.
figure() { api /metrics | awk -v name="mus_cgroup_run_delay_seconds_$1" 'index($0, name) == 1 { print $NF }'; }
spawn noise mus-load hog 6
spawn fast mus-load hog
mus-scheduler prioritize --cgroup /fast --weight 102400 || die "prioritize failed"
spawn loud chrt -f 50 taskset 1 mus-load pulse 1 300 4700
spawn loud chrt -f 50 taskset 2 mus-load pulse 1 300 6700
sleep 2
before="$(figure sum) $(figure count)"
sleep 6
mean_us=$(echo "$before $(figure sum) $(figure count)" | awk '{ if ($4 - $2 < 200) exit 1; printf "%d", ($3 - $1) * 1e6 / ($4 - $2) }') ||
	die "it was not displaced often enough"
echo "   it waited for $mean_us us on average"
[ "$mean_us" -le 1000 ] || die "it waits for what runs on the other CPU"
mus-scheduler reset --all || die "reset failed"
end noise fast loud

# waited: for a CPU, by the boosted ones, in ms.
waited() {
	sleep 1.5 # the daemon reads its counters once a second
	api /metrics | awk '/^mus_cgroup_run_delay_seconds_sum/ { print int($NF * 1000) }'
}

# turn OPTION...: all of them, by chrt.
turn() {
	while read -r task; do chrt "$@" "$task" || die "chrt failed"; done <"$CG/turned/cgroup.threads"
}

step "tasks that become real-time ones while they wait do not count as waiting"
spawn turned taskset 1 mus-load hog 4
mus-scheduler prioritize --cgroup /turned --weight 4096 || die "prioritize failed"
sleep 1
before=$(waited)
turn -r -p 1
sleep 8
turn -o -p 0
after=$(waited)
echo "   the four of them waited for $((after - before)) ms as ordinary tasks; 8 s were spent as real-time ones"
[ "$before" -gt 0 ] || die "no wait was counted at all"
[ $((after - before)) -le 16000 ] || die "the time as real-time tasks was counted"
scx_is enabled || die "ejected: $(api /status)"

stop_daemon
echo "realtime: nobody was stranded"
