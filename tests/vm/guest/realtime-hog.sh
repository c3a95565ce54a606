# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# A real-time task keeps a CPU for 40 seconds, longer than the kernel lets a task of ours wait, and a task of ours may run
# nowhere else. Where the kernel has a server for sched_ext it runs all the same; elsewhere we are ejected, say why, and
# come back by ourselves.
# shellcheck source=/dev/null
. /share/lib.sh

attaches() { api /status | tr -d ' \n' | grep -o '"attaches":[0-9]*' | cut -d: -f2; }
ejections() { api /status | tr -d ' \n' | grep -o '"ejections":[0-9]*' | cut -d: -f2; }

# No throttling of real-time tasks: nothing but a server for the class helps then.
echo -1 >/proc/sys/kernel/sched_rt_runtime_us
start_attached
spawn meek taskset 2 mus-load hog
sleep 1
step "a real-time task takes CPU 1 for 40 s, with a task of ours confined to it"
before=$(cpu_usec meek)
spawn loud timeout 40 chrt -f 50 taskset 2 mus-load hog
wait $!
gone=$(date +%s)
echo "   the confined task got $((($(cpu_usec meek) - before) / 1000)) ms meanwhile; ejections: $(ejections)"
await 15 scx_is enabled || die "not back 15 s later: $(api /status)"
echo "   attached $(($(date +%s) - gone)) s after its end"
if [ "$(ejections)" -gt 0 ]; then
	step "it was ejected: the reason is told, and all run again"
	api /status | grep -i 'stall' || die "the reason is not told: $(api /status)"
	[ "$(attaches)" -gt 1 ] || die "not attached again"
fi
before=$(cpu_usec meek)
sleep 3
[ "$(cpu_usec meek)" -gt $((before + 1000000)) ] || die "the confined task does not run"
stop_daemon
echo "realtime-hog: as documented"
