# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Tasks with CPUs of their own do not disturb shares among those that share the rest.
# shellcheck source=/dev/null
. /share/lib.sh

start_with_whole_boosts
for group in pool1 pool2 own; do mkdir -p "$CG/$group"; done
for group in pool1 pool2; do echo 0-1 >"$CG/$group/cpuset.cpus" || die "no cpuset controller"; done
echo 2-3 >"$CG/own/cpuset.cpus" || die "no cpuset controller"

step "an exclusive cpuset beside a saturated pool: 1:2 in the pool, at any load of the other CPUs"
spawn pool1 mus-load hog 3
spawn pool2 mus-load hog 3
mus-scheduler prioritize --cgroup /pool2 --weight 2048 || die "prioritize failed"
for threads in 1 2 6; do
	spawn own mus-load hog $threads
	sleep 2
	echo "   $threads threads on the CPUs beside"
	expect_shares 8 pool2 pool1 2000
	echo 1 >"$CG/own/cgroup.kill"
	sleep 1
done

step "and unconfined tasks among them get theirs from both"
spawn free mus-load hog 4
spawn own mus-load hog 4
sleep 2
measure 8 pool1 pool2 own free
# shellcheck disable=SC2153
echo "   pool 1024, pool 2048, own 1024, free 1024:$USED us"
# shellcheck disable=SC2086
set -- $USED
for used in "$@"; do [ "$used" -gt 800000 ] || die "somebody stands still"; done

stop_daemon
echo "cpusets: all as promised"
