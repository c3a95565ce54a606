# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# What the attached scheduler and its daemon take of a node of 250 pods where nobody asks for anything and nothing is
# boosted. Time passes with instructions, 250 million a second: what is little here is less on any real machine.
# shellcheck source=/dev/null
. /share/lib.sh

PODS=250
SECONDS_IDLE=130       # two of the once-a-minute readings are in it
MOST_PERCENT=0.1       # of one CPU
MOST_TURNS=6           # a second: four are the main loop's
MOST_RSS_KB=$((32 * 1024))

# used: CPU time of all threads in us, and how often they got a CPU.
used() { cat "/proc/$DAEMON"/task/*/schedstat | awk '{ ran += $1; turns += $3 } END { printf "%d %d", ran / 1000, turns }'; }

step "a node of $PODS pods"
BURSTABLE=kubepods.slice/kubepods-burstable.slice
for pod in $(seq $PODS); do
	spawn "$BURSTABLE/kubepods-burstable-pod$(printf '%08x' "$pod")_0000_4000_8000_000000000000.slice/cri-containerd-$(printf '%064x' "$pod").scope" \
		sleep 100000
done
start_attached
status_has '"meters":true' || die "meters are not on: $(api /status)"
sleep 20 # whatever has just started settles

step "with nobody asking and no boost"
before="$(used) $(now_ms)"
sleep $SECONDS_IDLE
echo "$before $(used) $(now_ms)" | awk -v percent=$MOST_PERCENT -v turns=$MOST_TURNS '{
	ms = $6 - $3; ran = ($4 - $1) / 10 / ms; often = ($5 - $2) * 1000 / ms
	printf "   %.3f %% of a CPU, %.1f turns a second\n", ran, often
	exit ran >= percent || often >= turns }' || die "more than $MOST_PERCENT % or $MOST_TURNS turns a second"

step "and memory"
awk '/^Vm(HWM|RSS)/ { print "   " $0 }' "/proc/$DAEMON/status"
[ "$(awk '/^VmHWM/ { print $2 }' "/proc/$DAEMON/status")" -le $MOST_RSS_KB ] || die "more than $MOST_RSS_KB kB"

stop_daemon
echo "footprint: an idle node notices nothing"
