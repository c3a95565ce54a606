# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# cpu.weight counts at every level of the tree, as it does under the kernel's own scheduler: that is asked in the same
# boot, on one CPU.
# shellcheck source=/dev/null
. /share/lib.sh

POINTS=20 # permille that a share may differ from what is wanted

# group PATH WEIGHT: with the cpu controller for what comes below it.
group() {
	mkdir -p "$CG/$1"
	echo "$2" >"$CG/$1/cpu.weight"
	echo +cpu >"$CG/$1/cgroup.subtree_control"
}

# container PATH WEIGHT THREADS
container() {
	mkdir -p "$CG/$1"
	echo "$2" >"$CG/$1/cpu.weight"
	spawn "$1" mus-load hog "$3"
}

# shares SECONDS CGROUP...: sets SHARES to what each got of what all got, in permille.
shares() {
	measure "$@"
	# shellcheck disable=SC2086
	SHARES=$(permille $USED)
}

# expect SECONDS "WANTED ..." CGROUP...
expect() {
	seconds=$1 wanted=$2
	shift 2
	shares "$seconds" "$@"
	echo "   measured ${SHARES}wanted $wanted"
	near $POINTS "$SHARES" "$wanted" || die "not so"
}

# as_before "MEASURED ...": what the kernel's own scheduler gave, beside what was measured last.
as_before() {
	echo "   and the kernel's own gave $1"
	near $POINTS "$SHARES" "$1" || die "not so"
}

# gaps_after CGROUP FILE MOST_MS: the longest wait of a thread of that cgroup, whose pid is written to the file meanwhile.
gaps_after() {
	spawn "$1" mus-load gaps 2 >/tmp/gap
	thread=$!
	sleep 0.5
	echo "$thread" >"$2"
	wait "$thread"
	echo "   it waited for $(($(cat /tmp/gap) / 1000)) ms at most"
	[ "$(cat /tmp/gap)" -le $((1000 * $3)) ] || die "too long"
}

LONG=$((3 * WINDOWS))
POD=kube/burstable
G=kube/guaranteed/app
R=$POD/redis/server
N=$POD/noise/loop
B=kube/besteffort/pod/batch

group kube 79
group kube/guaranteed 39
group $POD 24
group $POD/redis 4
group $POD/noise 20
group kube/besteffort 1
group kube/besteffort/pod 1
container $G 39 1
container $R 17 1
container $N 59 6
container $B 1 4
sleep 1

step "the kernel's own scheduler: a node full of threads, then with a service of the system beside it"
shares $LONG $G $R $N $B
alone=$SHARES
container system 100 3
sleep 1
shares $LONG system $G $R $N $B
with_system=$SHARES

step "ours gives the same: 39 : 24 x (4 : 20) : 1, and beside the service 79 : 100"
start_with_whole_boosts
sleep 1
expect $LONG "558 268 27 137 6" system $G $R $N $B
as_before "$with_system"
end system
sleep 1
expect $LONG "609 62 312 15" $G $R $N $B
as_before "$alone"

step "a changed cpu.weight counts after a tenth of a second"
echo 4 >"$CG/kube/guaranteed/cpu.weight"
sleep 0.1
# Twice as long as elsewhere: what the smallest had beyond its share before, some turns, it pays back first.
expect 2 "137 137 689 34" $G $R $N $B
echo 39 >"$CG/kube/guaranteed/cpu.weight"

step "what sleepers leave goes to their siblings"
end $N
sleep 0.5
expect $LONG "609 375 15" $G $R $B
container $N 59 6
sleep 0.1
expect 1 "609 62 312 15" $G $R $N $B

step "a moved thread competes where it is a tenth of a second later"
cat "$CG/$G/cgroup.procs" >"$CG/$B/cgroup.procs"
sleep 0.1
expect 2 "160 802 38" $R $N $B
end $B
container $B 1 4
container $G 39 1
sleep 0.5

step "a boost multiplies across the levels, and leaves the others' ratios as they were"
mus-scheduler prioritize --cgroup /$R --weight 4096 || die "prioritize failed"
sleep 0.2
expect $LONG "512 210 263 13" $G $R $N $B

step "so does that of a pod, in which one container is shielded"
mus-scheduler reset --all || die "reset failed"
mus-scheduler prioritize --cgroup /$POD/noise --weight 4096 || die "prioritize failed"
container $POD/noise/sidecar 59 1
sleep 0.2
expect $LONG "314 32 322 322 8" $G $R $N $POD/noise/sidecar $B
mus-scheduler prioritize --cgroup /$POD/noise/sidecar --weight 1024 || die "prioritize failed"
sleep 0.2
expect $LONG "414 42 425 106 10" $G $R $N $POD/noise/sidecar $B
mus-scheduler reset --all || die "reset failed"

step "where the cpu controller is off, threads compete one by one in the cgroup above"
end $G $R $N $B $POD/noise/sidecar
group units 100
echo -cpu >"$CG/units/cgroup.subtree_control"
container system 100 2
spawn units/one mus-load hog
spawn units/three mus-load hog 3
sleep 1
expect $LONG "500 125 375" system units/one units/three

step "and one of these is boosted like any other"
mus-scheduler prioritize --cgroup /units/one --weight 4096 || die "prioritize failed"
sleep 0.2
expect $LONG "363 363 272" system units/one units/three

step "a thread that moves there takes along what it has run, and the cgroup's earlier threads do not count"
mus-scheduler reset --all || die "reset failed"
end system units/one units/three
spawn units/three mus-load hog 64
sleep 0.5
end units/three
container rest 100 1
sleep 0.5
gaps_after units/one "$CG/units/three/cgroup.procs" 40

step "nor do those of a cgroup that is gone, for one that takes its place"
spawn dead mus-load hog 64
sleep 0.5
end dead
await 10 rmdir "$CG/dead" || die "dead cannot be removed"
sleep 0.5 # the kernel lets go of it later
gaps_after fresh /dev/null 40
end rest

step "a turn after a long wait is charged at the share that holds by then"
# One in 400 ms is its share at first. Charged at that, the first turn after the change would cost it as much again.
container light 1 1
container heavy 100 1
late=0
for _ in 1 2 3 4 5; do
	echo 1 >"$CG/light/cpu.weight"
	sleep 1
	echo 100 >"$CG/light/cpu.weight"
	measure 0.8 light
	late=$((late + USED))
done
echo "   in five times 800 ms after the change it had $late us"
[ "$late" -ge 1400000 ] || die "too little"
end light heavy

step "cgroups that live for less than a division takes get no more than theirs, together"
group jobs 10
container rest 100 1
sleep 0.5
before=$(cpu_usec jobs) rest=$(cpu_usec rest)
for job in $(seq 20); do
	container "jobs/$job" 100 1
	sleep 0.03
	end "jobs/$job"
done
# shellcheck disable=SC2046
SHARES=$(permille $(($(cpu_usec jobs) - before)) $(($(cpu_usec rest) - rest)))
echo "   measured ${SHARES}wanted 91 909"
near 60 "$SHARES" "91 909" || die "not so"

step "a running task that is moved to a cgroup which slept brings it no more credit than a sleeper has"
end rest
mkdir -p "$CG/empty" "$CG/waker"
in_cgroup empty true # so that it is known
spawn from mus-load hog
moved=$!
container rest 100 3
sleep 1.5
in_cgroup waker mus-load waker 100 7300 >/tmp/late &
waker=$!
sleep 0.3
echo "$moved" >"$CG/empty/cgroup.procs"
wait "$waker"
echo "   a third one is late by (p50 p99 max, us) $(cat /tmp/late)"
[ "$(cut -d ' ' -f 3 </tmp/late)" -le 100000 ] || die "too late"

stop_daemon
echo "weights: the hierarchy holds"
