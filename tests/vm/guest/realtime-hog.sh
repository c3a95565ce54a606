# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# A real-time task keeps a CPU for 50 seconds, and a task of ours may run nowhere else. The kernel lets it wait for 30 s
# and looks every 15. Where it has a server for sched_ext the task runs all the same; elsewhere we are ejected, say why,
# and come back by ourselves.
# shellcheck source=/dev/null
. /share/lib.sh

attaches() { api /status | tr -d ' \n' | grep -o '"attaches":[0-9]*' | cut -d: -f2; }
ejections() { api /status | tr -d ' \n' | grep -o '"ejections":[0-9]*' | cut -d: -f2; }

# No throttling of real-time tasks: nothing but a server for the class helps then.
echo -1 >/proc/sys/kernel/sched_rt_runtime_us
mount -t debugfs none /sys/kernel/debug 2>/dev/null || true
start_attached
spawn meek taskset 2 mus-load hog
sleep 1
step "a real-time task takes CPU 1 for 50 s, with a task of ours confined to it"
before=$(cpu_usec meek)
spawn loud timeout 50 chrt -f 50 taskset 2 mus-load hog
wait $!
gone=$(date +%s)
got_ms=$((($(cpu_usec meek) - before) / 1000))
echo "   the confined task got $got_ms ms meanwhile; ejections: $(ejections)"
await 15 scx_is enabled || die "not back 15 s later: $(api /status)"
echo "   attached $(($(date +%s) - gone)) s after its end"
server=/sys/kernel/debug/sched/ext_server
if [ -e $server ]; then
	[ "$(ejections)" -eq 0 ] || die "ejected in spite of the kernel's server: $(api /status)"
	[ "$got_ms" -ge 1000 ] || die "the kernel's server gave it nothing"
else
	step "no server: it was ejected, the reason is told, and all run again"
	[ "$(ejections)" -gt 0 ] || die "not ejected, which docs/scheduler.md says"
	api /status | grep -i 'stall' || die "the reason is not told: $(api /status)"
	[ "$(attaches)" -gt 1 ] || die "not attached again"
fi
before=$(cpu_usec meek)
sleep 3
[ "$(cpu_usec meek)" -gt $((before + 1000000)) ] || die "the confined task does not run"
stop_daemon
echo "realtime-hog: as documented"
