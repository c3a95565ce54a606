# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# However the daemon ends, the node goes on under the kernel's own scheduler; and nobody is pushed aside.
# shellcheck source=/dev/null
. /share/lib.sh

load_goes_on() {
	measure 2 load
	# shellcheck disable=SC2086
	set -- $USED
	[ "$1" -gt 1000000 ] || die "the load stands still: $1 us of CPU time in 2 s"
}

for _ in 1 2 3; do spawn load mus-load hog; done

step "attach, and detach on SIGTERM within a second"
start_attached
mus-scheduler status || die "status failed"
mus-scheduler check || die "check failed on a node that runs it"
load_goes_on
kill -TERM "$DAEMON"
await 1 scx_is disabled || die "still $(scx_state) a second after SIGTERM"
wait "$DAEMON" || die "exit status $? after SIGTERM"
load_goes_on

step "kill -9: the kernel's own scheduler within 2 s, and all load goes on"
start_attached
mus-scheduler prioritize --cgroup /load || die "prioritize failed"
kill -9 "$DAEMON"
await 2 scx_is disabled || die "still $(scx_state) 2 s after SIGKILL"
load_goes_on

step "a restart attaches again (the dead one's socket is replaced), with the slice and the lag that it is given"
start_attached --slice 5000 --lag 2000
bpftool map dump name mus_bpf.rodata >/tmp/rodata || die "no read-only data of the program"
grep -q '"slice_ns": 5000000' /tmp/rodata || die "the slice is not in the program: $(grep slice /tmp/rodata)"
grep -q '"lag_ns": 2000000' /tmp/rodata || die "the lag is not in the program: $(grep lag /tmp/rodata)"
await 5 status_has '"applied":\[{' || die "the boost from before the kill is not in force: $(api /status)"
load_goes_on

step "a second daemon on the same socket is refused"
if mus-scheduler run --listen '' --state-dir /tmp/state3 >/tmp/second.log 2>&1; then die "it was not refused"; fi
cat /tmp/second.log
grep -qi 'answers\|in use\|running' /tmp/second.log || die "no clear word on the socket"

step "another scheduler is attached: said clearly, a boost waits, and its turn when the other is gone"
second=/run/mus-scheduler/second.sock
mus-scheduler run --listen '' --state-dir /tmp/state3 --socket $second >/tmp/second.log 2>&1 &
second_pid=$!
await 20 api /livez $second || die "the second daemon does not answer"
api /status $second | grep -q 'another sched_ext scheduler is attached: mus' || die "no reason given: $(api /status $second)"
api /readyz $second | grep -q '"status": 503' || die "ready without a scheduler: $(api /readyz $second)"
mus-scheduler prioritize --socket $second --cgroup /load >/tmp/second.out || die "the boost was not accepted"
grep -q '^pending: ' /tmp/second.out || die "boosted without a scheduler: $(cat /tmp/second.out)"
scx_is enabled || die "the first scheduler was pushed aside"
stop_daemon
await 60 scx_is enabled || die "the second did not take its turn"
second_has_applied() { api /status $second | tr -d ' \n' | grep -q '"applied":\[{'; }
await 5 second_has_applied || die "the boost still waits: $(api /status $second)"
kill -TERM $second_pid
wait $second_pid

step "SysRq-S: fallback, said in /status, and not re-attached"
start_attached
mus-scheduler prioritize --cgroup /load || die "prioritize failed"
echo S >/proc/sysrq-trigger
await 5 scx_is disabled || die "SysRq-S did nothing"
await 5 status_has '"state":"stopped"' || die "not said: $(api /status)"
api /status | grep -qi 'sysrq' || die "SysRq is not named: $(api /status)"
sleep 5
scx_is disabled || die "it came back by itself"
api /livez >/dev/null || die "the API is gone"
load_goes_on

step "POST /attach re-arms, and the boost is back"
curl -sS -X POST --unix-socket "$SOCKET" http://localhost/attach || die "attach failed"
await 30 scx_is enabled || die "not attached"
await 5 status_has '"applied":\[{' || die "the boost was not replayed: $(api /status)"
stop_daemon
echo "lifecycle: as promised"
