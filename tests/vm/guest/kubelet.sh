# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# A boost follows a pod of a real kubelet: through the pod list, a container's death, the kubelet's absence and the pod's
# end.
# shellcheck source=/dev/null
. /share/lib.sh
# shellcheck source=/dev/null
. /share/kubelet-node.sh

WITH_KUBELET="--kubelet-url https://127.0.0.1:10250 --kubelet-pin $KUBELET_CERTIFICATE --kubelet-client-cert $CLIENT.crt
--kubelet-client-key $CLIENT.key"
WITHOUT_KUBELET=

took() { echo "   $1: $(($(now_ms) - $2)) ms"; }
inode() { stat -c %i "$CG/$1"; }
has_policy() { mus-policies list | grep -q "^$1 "; }
has_no_policies() { mus-policies list >/tmp/policies && ! [ -s /tmp/policies ]; }
pods_rows() { mus-scheduler pods --json | tr -d ' \n' | sed 's/{"namespace"/\n&/g'; }
lists_pods() { pods_rows >/tmp/rows && [ "$(grep -c "\"cgroup_path\":\"/$1" /tmp/rows)" = 2 ]; }
# The map's keys and the status, of which the second may be a second old.
is_boosted() { has_policy "$(inode "$1")" && status_has "\"cgroup_path\":\"/$1\""; }
source_is_away() { api /pods >/dev/null && status_has '"pods_source":{[^}]*"last_error":"'; }
source_is_back() { api /pods >/dev/null && status_has '"pods_source":{[^}]*"last_error":null'; }

# Redis' part of what both pods use, under load from outside the contest: sets PART, in permille.
measure_part() {
	spawn load chrt -f 10 redis-benchmark -q -l -c 4 -P 16 -t get >/dev/null 2>&1
	sleep 2
	measure 5 "$(pod_group redis)" "$(pod_group noise)"
	end load
	# shellcheck disable=SC2086
	PART=$(permille $USED | cut -d' ' -f1)
	echo "   in 5 s Redis and the noise used$USED us"
}

# kill_and_await: Redis' container, until the kubelet says that there is another.
kill_and_await() {
	old=$(container_id redis)
	began=$(now_ms)
	kill_container redis
	await 120 runs_anew redis "$old" || die "the kubelet did not restart the container"
	took "a new container after the old one's end, in the pod list" "$began"
}

# What holds whatever the daemon learns of the pods by.
boost_by_name() {
	step "the daemon finds both pods ($1)"
	await 30 lists_pods kubepods || die "the pods are not found: $(mus-scheduler pods)"
	mus-scheduler pods

	step "a boost by the pod's name stands in the map, for the pod's cgroup and no other ($1)"
	measure_part
	without=$PART
	began=$(now_ms)
	mus-scheduler prioritize redis || die "prioritize failed"
	took "prioritize" "$began"
	pod=$(pod_group redis)
	await 5 is_boosted "$pod" || die "$pod has no policy: $(mus-policies list) $(mus-scheduler status)"
	[ "$(mus-policies list | wc -l)" = 1 ] || die "there are more policies: $(mus-policies list)"
	measure_part
	echo "   Redis' part beside the noise: $without, boosted $PART permille"
	[ "$PART" -ge $((without * 3 / 2)) ] || die "the boost brings nothing: $without, boosted $PART permille"
}

container_restarts() {
	step "the kubelet restarts a killed container, and the pod's boost is in force ($1)"
	kill_and_await
	capture "-after-restart$2"
	await 5 is_boosted "$pod" || die "the pod has no policy any more: $(mus-policies list)"
	await 10 lists_pods kubepods || die "the new container is not found: $(mus-scheduler pods)"
	grep "\"container_id\":\"$(container_id redis)\"" /tmp/rows | grep -q '"weight":4096' ||
		die "the new container has no boost: $(cat /tmp/rows)"
	mus-scheduler reset redis || die "reset failed"
	await 5 has_no_policies || die "left in the map: $(mus-policies list)"
}

container_is_followed() {
	step "a new container's cgroup is in the map within 100 ms, and before the pod list has it ($1)"
	mus-scheduler prioritize redis --container redis || die "prioritize failed"
	await 5 is_boosted "$(container_group redis)" || die "the container has no policy: $(mus-policies list)"
	chrt -f 50 mus-policies follow "$CG/$pod" 120 >/tmp/follow 2>&1 &
	follow=$!
	await 10 grep -q watching /tmp/follow || die "$(cat /tmp/follow)"
	kill_container redis
	wait $follow || die "no entry for the new container: $(cat /tmp/follow)"
	kubelet_pods >/tmp/pods-then.json
	seen=$(now_ms)
	new=$(grep -o '[0-9a-f]\{64\}' /tmp/follow)
	late=$(tail -n 1 /tmp/follow | cut -d' ' -f3)
	echo "   in the map after its cgroup was made: $late ms"
	! grep -q "$new" /tmp/pods-then.json || die "the pod list has $new already"
	[ "$late" -le 100 ] || die "after $late ms, not 100"
	await 120 runs redis || die "the kubelet did not restart the container"
	[ "$(container_id redis)" = "$new" ] || die "it was another one: $new"
	took "the pod list has it only later, by" "$seen"
	[ "$(mus-policies list | wc -l)" = 1 ] || die "the old one's is still there: $(mus-policies list)"
	mus-scheduler reset redis --container redis || die "reset failed"
}

pod_ends() {
	step "the pod's end leaves nothing in the map ($1)"
	mus-scheduler prioritize redis || die "prioritize failed"
	await 5 is_boosted "$pod" || die "no policy: $(mus-policies list)"
	began=$(now_ms)
	remove_static_pod redis
	await 120 is_not_listed redis || die "the kubelet still lists it"
	took "no longer in the pod list" "$began"
	await 120 has_no_policies || die "left in the map: $(mus-policies list)"
	took "nothing in the map" "$began"
	capture "-after-removal$2"
	mus-scheduler status
	mus-scheduler reset redis || die "the boost is not known any more"
}

kubelet_goes_away() {
	step "the kubelet stops: the boost stays, and the status says that the source is away"
	systemctl stop kubelet
	began=$(now_ms)
	await 30 source_is_away || die "$(api /status)"
	took "the status says so" "$began"
	api /status | grep last_error
	is_boosted "$pod" || die "the boost is gone: $(mus-policies list)"

	step "the kubelet starts: the source is back, and the boost is what it was"
	began=$(now_ms)
	systemctl start kubelet
	await 120 source_is_back || die "$(api /status)"
	took "the source is back" "$began"
	await 60 runs redis || die "Redis does not run"
	is_boosted "$pod" || die "the boost is gone: $(mus-policies list)"
}

step "a node with containerd and a kubelet ($DRIVER driver)"
began=$(now_ms)
node_make
start_containerd
took "containerd with its images" "$began"
start_kubelet
took "a kubelet that answers" "$began"
capture -first
code=$(curl -sk -o /dev/null -w '%{http_code}' --max-time 10 https://127.0.0.1:10250/pods)
[ "$code" = 401 ] || die "the kubelet lets in whoever has no certificate: $code"
add_static_pod redis
add_static_pod noise
await 180 runs redis || die "Redis does not run: $(kubelet_pods) $(journalctl -u kubelet --no-pager | tail -n 30)"
await 180 runs noise || die "the noise does not run: $(kubelet_pods)"
took "both pods run" "$began"
echo "   up for $(now_ms) ms"
capture ''

# shellcheck disable=SC2086
start_attached $WITH_KUBELET
boost_by_name "kubelet"
kubelet_goes_away
container_restarts "kubelet" ''
container_is_followed "kubelet"
pod_ends "kubelet" ''
stop_daemon

step "the same without the kubelet's word"
add_static_pod redis
await 180 runs redis || die "Redis does not run"
# shellcheck disable=SC2086
start_attached $WITHOUT_KUBELET
boost_by_name "on its own"
container_restarts "on its own" -alone
container_is_followed "on its own"
pod_ends "on its own" -alone
stop_daemon
echo "kubelet: as promised"
