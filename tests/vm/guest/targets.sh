# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Targets: the waits of a service stay short while hogs come and go, with no more weight than that takes. Time passes
# with instructions, so that a wait is what the scheduler makes of it.
# shellcheck source=/dev/null
. /share/lib.sh

RULES=/tmp/rules.json
BOUND_US=2000
ROUNDS=3

weight_of() { mus-policies list | awk -v id="$(stat -c %i "$CG/$1")" '$1 == id { print $2 }'; }
# Of the one rule about CGROUP: its state's word.
state_of() {
	mus-scheduler rules --json | tr -d ' \n' | grep -o "\"cgroup_path\":\"/$1\",\"state\":\"[a-z]*\"" | grep -o '[a-z]*"$' | tr -d '"'
}
state_is() { [ "$(state_of "$1")" = "$2" ]; }
hogs_come() { echo 0 >"$CG/hogs/cgroup.freeze"; }
hogs_go() { echo 1 >"$CG/hogs/cgroup.freeze"; }
# How late a task of the service runs: the p99 of 300 wakeups in 3 s, in us.
p99_of() { in_cgroup "$1" mus-load waker 300 10000 | cut -d' ' -f2; }

mkdir -p "$CG/web" "$CG/hogs"
# A fifth of a CPU, in pieces of 400 us; by its cpu.weight a tenth is what it may have beside the hogs.
spawn web mus-load pulse 1 400 1600
echo 11 >"$CG/web/cpu.weight"
hogs_go
for _ in 1 2 3; do spawn hogs mus-load hog; done

step "the kernel's own scheduler, tuned by hand for the same: 10000 to 1"
echo 10000 >"$CG/web/cpu.weight"
echo 1 >"$CG/hogs/cpu.weight"
hogs_come
sleep 1
eevdf=$(p99_of web)
hogs_go
echo 11 >"$CG/web/cpu.weight"
echo 100 >"$CG/hogs/cpu.weight"
echo "   p99 $eevdf us"

step "which fixed boost does it take?"
start_attached --rules off
fixed=
for weight in 1100 1536 2048 3072 4096 6144 8192 16384; do
	mus-scheduler prioritize --cgroup /web --weight "$weight" >/dev/null || die "prioritize failed"
	hogs_come
	sleep 2
	p99=$(p99_of web)
	hogs_go
	echo "   weight $weight: p99 $p99 us"
	[ "$p99" -le "$BOUND_US" ] && fixed=$weight && break
done
[ "$fixed" ] || die "none meets $BOUND_US us: there is nothing to compare with"
[ "$fixed" -gt 1100 ] || die "it takes none: there is nothing to show"
mus-scheduler reset --all >/dev/null || die "reset failed"
stop_daemon

cat >"$RULES" <<-END
	{"rules": [{"name": "web-waits", "for": {"cgroup": "/web"}, "target": {"run_delay_p99": "2ms"}}]}
END
start_attached --rules "$RULES"
sleep 3

step "within 5 s of each step it is met, and its weight is given back when the hogs go"
(
	while sleep 0.5; do weight_of web; done >/tmp/weights
) &
sampler=$!
times=''
lates=''
for round in $(seq $ROUNDS); do
	hogs_come
	began=$(now_ms)
	sleep 1.2 # before that nobody has seen that they came
	await 20 state_is web met || die "it is not met: $(mus-scheduler rules)"
	times="$times $(($(now_ms) - began))"
	left=$((5000 - $(now_ms) + began))
	[ "$left" -le 0 ] || sleep "$((left / 1000)).$((left % 1000 / 100))"
	lates="$lates $(p99_of web)"
	held=$(weight_of web)
	hogs_go
	sleep 16 # they are there a third of the time
	echo "   round $round: met after ${times##* } ms, p99 ${lates##* } us from then on, weight $held, and $(weight_of web) without hogs"
done
kill "$sampler"
# shellcheck disable=SC2086
{
	time=$(median $times) late=$(median $lates)
}
average=$(awk '{ sum += $1 } END { printf "%d", sum / NR }' /tmp/weights)
echo "   medians: met after $time ms; p99 after 5 s $late us (EEVDF, 10000 to 1: $eevdf us); average weight $average, fixed it takes $fixed"
told() { timeout 3 curl -sN --unix-socket "$SOCKET" 'http://localhost/events?since=0&kind=target_weight,target_met,target_unmet' | grep '^data'; }
told | sed 's/.*"time":"[^T]*T\([^"]*\)".*"message":"rule web-waits: .web \(.*\)"}/   \1 \2/'
[ "$time" -le 5000 ] || die "too slow"
[ "$late" -le "$BOUND_US" ] || die "the target is broken after 5 s"
[ "$average" -lt "$fixed" ] || die "a fixed boost is cheaper"

step "the events tell what it did, and why"
told >/tmp/told
grep -q 'p99 of its waits' /tmp/told || die "no reason is told"
stop_daemon

step "two targets that cannot both be met: both say so, and share by weight"
end web
mkdir -p "$CG/left" "$CG/right"
spawn left mus-load pulse 1 3000 1000
spawn right mus-load pulse 1 3000 1000
cat >"$RULES" <<-END
	{"rules": [{"name": "left", "for": {"cgroup": "/left"}, "target": {"run_delay_p99": "2ms"}},
	           {"name": "right", "for": {"cgroup": "/right"}, "target": {"run_delay_p99": "2ms"}}]}
END
start_attached --rules "$RULES"
hogs_come
sleep 12
mus-scheduler rules
measure 6 left right hogs
# shellcheck disable=SC2086
shares=$(permille $USED)
weights="$(weight_of left) $(weight_of right)"
longest=$(mus-load gaps 4)
echo "   shares $shares(left right hogs, permille), weights $weights; an ordinary task waited for $((longest / 1000)) ms at most"
for one in left right; do
	case $(state_of $one) in unmet | unreachable) ;; *) die "$one is $(state_of $one)" ;; esac
done
echo "$weights" | awk '{ exit !($1 < 1.3 * $2 && $2 < 1.3 * $1) }' || die "the weights are not alike"
echo "$weights" | awk '{ exit !($1 < 102400 && $2 < 102400) }' || die "they grew as far as they could"
echo "$shares" | awk '{ exit !($1 - $2 < 60 && $2 - $1 < 60) }' || die "the shares are not equal"
[ "$longest" -le 1000000 ] || die "others starve"
scx_is enabled || die "ejected: $(api /status)"
stop_daemon
echo "targets: met where they can be, and told where not"
