# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# A boosted sleeper beside hogs: how late it runs, under the kernel's own scheduler, under ours, and under ours without
# wakeup preemption, interleaved in one boot. Two daemons with one socket each take turns by attach and detach. And a
# service that nobody has boosted.
# The machine's time passes with the instructions that it executes. With one CPU the figures repeat to the microsecond;
# with several they are only good against our own without preemption: docs/testing.md.
# shellcheck source=/dev/null
. /share/lib.sh

ROUNDS=3
SAMPLES=250
OTHER=/run/mus-scheduler/other.sock

# After this long at most whoever runs makes way (HZ=250).
TICK_US=4000

# By how much our median may be over that of the kernel's own scheduler: the resolution of the figures.
RESOLUTION_US=1

post() { curl -sS --max-time 30 -X POST --unix-socket "$2" "http://localhost$1" >/dev/null || die "POST $1 failed"; }
# To load is much work for the verifier; the hogs wait meanwhile.
attach() {
	echo 1 >"$CG/noise/cgroup.freeze"
	post /attach "$1"
	await 30 scx_is enabled || die "not attached: $(scx_state)"
	echo 0 >"$CG/noise/cgroup.freeze"
}
detach() {
	post /detach "$1"
	await 10 scx_is disabled || die "not detached: $(scx_state)"
}
# Without preemption it gets its CPU at a tick, from when it sleeps: for so long that it wakes 3 ms before another (of 4).
# Where it wakes right before one, as after 7.3 ms, there is nothing to gain.
late() { in_cgroup waker mus-load waker "$SAMPLES" 5000; }

mkdir -p "$CG/waker"
start_with_whole_boosts
mus-scheduler prioritize --cgroup /waker || die "prioritize failed"
detach "$SOCKET"
# shellcheck disable=SC2086
mus-scheduler run --listen '' --state-dir /tmp/state2 --socket "$OTHER" --wakeup-preemption off $WHOLE_BOOSTS \
	>/tmp/other.log 2>&1 &
await 60 scx_is enabled || die "the second daemon did not attach"
mus-scheduler prioritize --socket "$OTHER" --cgroup /waker || die "prioritize failed"
detach "$OTHER"
for _ in $(seq $((3 * $(nproc)))); do spawn noise mus-load hog; done

one_round() {
	own=$(late)
	attach "$SOCKET"
	ours=$(late)
	detach "$SOCKET"
	attach "$OTHER"
	calm=$(late)
	detach "$OTHER"
	echo "   (p50 p99 max, us) eevdf $own | boosted $ours | boosted, no preemption $calm"
	# shellcheck disable=SC2086
	{
		set -- $own && own_p50="$own_p50 $1" own_p99="$own_p99 $2"
		set -- $ours && ours_p50="$ours_p50 $1" ours_p99="$ours_p99 $2"
		set -- $calm && calm_p50="$calm_p50 $1" calm_p99="$calm_p99 $2"
	}
}

# Medians over all rounds; sets VERDICT to what is not as it should be.
judge() {
	# shellcheck disable=SC2086
	{
		own=$(median $own_p50) ours=$(median $ours_p50) calm=$(median $calm_p50)
		own99=$(median $own_p99) ours99=$(median $ours_p99) calm99=$(median $calm_p99)
	}
	echo "   medians of p50: eevdf $own, boosted $ours, no preemption $calm; of p99: $own99, $ours99, $calm99 us"
	VERDICT=''
	[ "$(nproc)" -gt 1 ] || [ "$ours" -le $((own + RESOLUTION_US)) ] ||
		VERDICT="median $ours us is over the kernel's own $own us"
	[ "$ours" -lt "$calm" ] || VERDICT="median $ours us is not under $calm us, that without preemption"
	[ "$ours99" -lt "$calm99" ] || VERDICT="p99 $ours99 us is not under $calm99 us, that without preemption"
	[ -z "$VERDICT" ]
}

step "a boosted sleeper: median no worse than the kernel's own scheduler's, median and p99 lower than without preemption"
own_p50='' own_p99='' ours_p50='' ours_p99='' calm_p50='' calm_p99=''
round=0
while [ "$round" -lt "$ROUNDS" ]; do
	round=$((round + 1))
	one_round
done
judge || die "$VERDICT"

step "a service is on time beside a neighbour of its weight and a light one, which waits far ahead of both"
end noise
for weight in 1 100; do
	mkdir -p "$CG/neighbour-$weight"
	echo "$weight" >"$CG/neighbour-$weight/cpu.weight"
	for _ in $(seq "$(nproc)"); do spawn "neighbour-$weight" mus-load hog; done
done
served() { in_cgroup service mus-load waker "$SAMPLES" 20000 2000 | head -n 1; }
own=$(served)
attach "$SOCKET"
ours=$(served)
echo "   late by (p50 p99 max, us): eevdf $own | ours $ours"
# shellcheck disable=SC2086
set -- $ours
[ "$2" -le "$TICK_US" ] || die "p99 $2 us is more than a tick"
echo "latency: as promised"
