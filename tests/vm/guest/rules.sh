# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Rules on real signals: a service in a network of its own is boosted while it is asked for something.
# shellcheck source=/dev/null
. /share/lib.sh

RULES=/tmp/rules.json
ip() { /usr/bin/ip "$@"; } # not busybox's, which knows no veth

# write_rules UNTIL_FOR: by which /shop is boosted for its packets, and whatever else is told of here.
write_rules() {
	cat >"$RULES" <<-END
		{"rules": [
		  {"name": "asked", "for": {"cgroup": "/shop"}, "weight": 8192, "cool_down": "2s",
		   "when": {"signal": "received_packets", "above": 200}, "until": {"below": 150, "for": "$1"}},
		  {"name": "hosts", "for": {"cgroup": "/plain"}, "weight": 2048,
		   "when": {"signal": "received_packets", "above": 1}},
		  {"name": "batch-waits", "for": {"cgroup": "/batch"}, "weight": 64,
		   "when": {"signal": "runnable_threads", "above": 0.5, "of": {"cgroup": "/urgent"}}, "until": {"for": "2s"}}
		]}
	END
}
weight_of() { mus-policies list | awk -v id="$(stat -c %i "$CG/$1")" '$1 == id { print $2 }'; }
has_weight() { [ "$(weight_of "$1")" = "$2" ]; }
# took SECONDS COMMAND...: how long until it succeeds, in ms.
took() {
	began=$(now_ms)
	await "$@" || die "it did not happen in $1 s: $*; $(mus-scheduler rules)"
	TOOK=$(($(now_ms) - began))
}
told() { timeout 3 curl -sN --unix-socket "$SOCKET" 'http://localhost/events?since=0&kind=rule_fired,rule_released' | grep -c '^event: rule_'; }

step "a service in a network of its own, beside hogs"
modprobe veth 2>/dev/null
# shellcheck disable=SC2016
spawn shop unshare -n sh -c 'until /usr/bin/ip link show inside >/dev/null 2>&1; do sleep 0.1; done
	/usr/bin/ip addr add 10.9.0.2/24 dev inside && /usr/bin/ip link set inside up
	exec redis-server --bind 10.9.0.2 --port 6379 --save "" --protected-mode no >/dev/null'
server=$!
its_own() { [ "$(readlink "/proc/$server/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
await 10 its_own || die "it has no network of its own"
ip link add outside type veth peer name inside || die "no veth"
ip link set inside netns "$server" || die "the link did not move"
{ ip addr add 10.9.0.1/24 dev outside && ip link set outside up; } || die "no address"
await 20 redis-cli -h 10.9.0.2 ping || die "Redis does not answer"
spawn noise mus-load hog 4
spawn plain mus-load pulse 1 1000 9000
mkdir -p "$CG/batch" "$CG/urgent"
write_rules 4s
start_attached --rules "$RULES"
sleep 3
has_weight shop "" || die "it is boosted though nobody asks it: $(mus-scheduler rules)"

step "it is asked: boosted within 2 s; not any more: released, and not again before the cool-down"
spawn load chrt -f 10 redis-benchmark -h 10.9.0.2 -q -l -c 4 -t get >/dev/null 2>&1
took 10 has_weight shop 8192
echo "   boosted after $TOOK ms"
[ "$TOOK" -le 2000 ] || die "too late"
mus-scheduler rules
mus-scheduler status | grep -q 'rule asked' || die "the status does not tell: $(mus-scheduler status)"
mus-scheduler explain --cgroup /shop | grep -q '^rule asked acting' || die "explain does not tell"
api /metrics >/tmp/metrics
grep -q '^mus_rule_acting{rule="asked"} 1' /tmp/metrics || die "the metrics do not tell"

step "who asks for something else is before the rule, and it comes back after"
mus-scheduler prioritize --cgroup /shop --weight 2048 || die "prioritize failed"
await 3 has_weight shop 2048 || die "the rule is before a request"
mus-scheduler reset --cgroup /shop || die "reset failed"
await 5 has_weight shop 8192 || die "the rule did not come back"
mus-scheduler reset --cgroup /shop 2>&1 | grep -q 'rule asked' || die "who takes a rule's boost back is not told of it"

step "the kill switch, which a restart of the daemon does not undo"
mus-scheduler rules --pause >/dev/null || die "pause failed"
has_weight shop "" || die "it is still boosted"
stop_daemon
start_attached --rules "$RULES"
sleep 3
has_weight shop "" || die "the restart has undone it"
mus-scheduler rules | grep -q PAUSED || die "nobody tells"
mus-scheduler rules --resume >/dev/null || die "resume failed"
await 5 has_weight shop 8192 || die "the rules did not go on"

end load
took 20 has_weight shop ""
echo "   released after $TOOK ms; until holds for 4 s"
{ [ "$TOOK" -ge 3000 ] && [ "$TOOK" -le 7000 ]; } || die "not when it should be"

step "30 s of a load that goes to and fro over the threshold: two changes at most"
before=$(told)
end=$(($(now_ms) + 30000))
while [ "$(now_ms)" -lt "$end" ]; do
	chrt -f 10 redis-benchmark -h 10.9.0.2 -q -c 1 -n 350 -t get >/dev/null 2>&1
	sleep 1
done
after=$(told)
echo "   $((after - before)) change(s)"
[ "$after" -gt "$before" ] || die "it was not even boosted"
[ $((after - before)) -le 2 ] || die "it flaps"

step "a cgroup in the host's network has no packets of its own, and the rule says so"
mus-scheduler rules | grep -q "host's network" || die "$(mus-scheduler rules)"

step "a batch job is demoted while others wait"
spawn urgent mus-load hog 2
took 10 has_weight batch 64
echo "   demoted after $TOOK ms"
end urgent
await 10 has_weight batch "" || die "it stays demoted"

step "rules that are wrong are refused whole, with the line, and those of before stay"
sed 's/"above": 200/"abvoe": 200/' "$RULES" >/tmp/wrong.json
mus-scheduler rules --set /tmp/wrong.json >/tmp/answer 2>&1 && die "accepted"
cat /tmp/answer
grep -q 'line 3: rule asked' /tmp/answer || die "the line is not told"
echo '{"rules": [' >"$RULES"
await 5 sh -c 'mus-scheduler rules | grep -q "not in force"' || die "the file's trouble is not told"
mus-scheduler rules | grep -q '^asked ' || die "those of before are gone"

step "a file that is changed is read again"
write_rules 1s
sed -i 's/8192/4096/' "$RULES"
await 5 sh -c 'mus-scheduler rules --json | tr -d " \n" | grep -q "\"weight\":4096"' || die "not read"
scx_is enabled || die "ejected: $(api /status)"
stop_daemon
echo "rules: they act, and they let go"
