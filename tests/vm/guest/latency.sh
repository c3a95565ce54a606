# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# A boosted sleeper beside hogs: how late it runs, under the kernel's own scheduler, under ours, and under ours without
# wakeup preemption, interleaved in one boot. Two daemons with one socket each take turns by attach and detach.
# shellcheck source=/dev/null
. /share/lib.sh

ROUNDS=5
SAMPLES=250
OTHER=/run/mus-scheduler/other.sock

# Medians under emulation: our programs cost a few microseconds on hardware and some tens of times that here, which the
# comparison of medians must not count as scheduling. In percent, since everything takes longer on a slower host. See
# docs/testing.md.
EMULATION_PERCENT=${EMULATION_PERCENT:-60}

post() { curl -sS --max-time 10 -X POST --unix-socket "$2" "http://localhost$1" >/dev/null || die "POST $1 failed"; }
attach() {
	post /attach "$1"
	await 30 scx_is enabled || die "not attached: $(scx_state)"
}
detach() {
	post /detach "$1"
	await 10 scx_is disabled || die "not detached: $(scx_state)"
}
late() { in_cgroup waker mus-load waker "$SAMPLES" 7300; }

for _ in 1 2 3 4 5 6; do spawn noise mus-load hog; done
mkdir -p "$CG/waker"

start_attached
mus-scheduler prioritize --cgroup /waker || die "prioritize failed"
detach "$SOCKET"
mus-scheduler run --listen '' --state-dir /tmp/state2 --socket "$OTHER" --wakeup-preemption off >/tmp/other.log 2>&1 &
await 60 scx_is enabled || die "the second daemon did not attach"
mus-scheduler prioritize --socket "$OTHER" --cgroup /waker || die "prioritize failed"
detach "$OTHER"

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

# Medians over all rounds so far; sets VERDICT to what is not as it should be.
judge() {
	# shellcheck disable=SC2086
	{
		own=$(median $own_p50) ours=$(median $ours_p50) calm=$(median $calm_p50)
		own99=$(median $own_p99) ours99=$(median $ours_p99) calm99=$(median $calm_p99)
	}
	echo "   medians of p50: eevdf $own, boosted $ours, no preemption $calm; of p99: $own99, $ours99, $calm99 us"
	VERDICT=''
	[ "$ours" -le $((own * (100 + EMULATION_PERCENT) / 100)) ] ||
		VERDICT="median $ours us is over the kernel's own $own us + $EMULATION_PERCENT %"
	[ "$ours" -lt "$calm" ] || VERDICT="median $ours us is not under $calm us, that without preemption"
	[ "$ours99" -lt "$calm99" ] || VERDICT="p99 $ours99 us is not under $calm99 us, that without preemption"
	[ -z "$VERDICT" ]
}

step "a boosted sleeper: median no worse than the kernel's own scheduler's, median and p99 lower than without preemption"
own_p50='' own_p99='' ours_p50='' ours_p99='' calm_p50='' calm_p99=''
# A tail is made of few samples. Where the first rounds leave doubt, more are added and all are judged together.
for _ in 1 2 3; do
	round=0
	while [ "$round" -lt "$ROUNDS" ]; do
		round=$((round + 1))
		one_round
	done
	judge && break
done
[ -z "$VERDICT" ] || die "$VERDICT"
echo "latency: as promised"
