# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# What the hierarchy costs: many processes that hand bytes to each other, and two that do, four levels deep in the tree,
# with the hierarchy and without. Time by instructions, so it is their number that is compared.
# shellcheck source=/dev/null
. /share/lib.sh

ROUNDS=3
MOST=1050 # permille of what it takes without
LEAF=one/two/three/four

mkdir -p "$CG/$LEAF"
for group in one one/two one/two/three; do echo +cpu >"$CG/$group/cgroup.subtree_control"; done

crowd() { in_cgroup $LEAF hackbench -g 1 -f 10 -l 2000 | awk '/^Time:/ { printf "%d ", $2 * 1000000 }'; }
pair() { in_cgroup $LEAF mus-load pair 20000; }

for round in $(seq $ROUNDS); do
	for weight in on off; do
		start_attached --cpu-weight $weight
		sleep 1
		crowd=$(crowd) pair=$(pair)
		echo "   round $round, --cpu-weight $weight: crowd $crowd us, pair $pair us"
		echo "$crowd" >>/tmp/crowd.$weight
		echo "$pair" >>/tmp/pair.$weight
		stop_daemon
	done
done

for what in crowd pair; do
	# shellcheck disable=SC2046
	permille=$(($(median $(cat /tmp/$what.on)) * 1000 / $(median $(cat /tmp/$what.off))))
	step "$what: $permille permille of what it takes without the hierarchy, at most $MOST"
	[ "$permille" -le $MOST ] || die "too much"
done
echo "cost: the hierarchy is cheap"
