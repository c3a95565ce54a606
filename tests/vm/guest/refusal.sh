# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# A kernel without sched_ext: check and run say so and what to do; a DaemonSet's pod can stay, not ready, with the reason.
# shellcheck source=/dev/null
. /share/lib.sh

[ ! -e /sys/kernel/sched_ext ] || die "this test wants a kernel without sched_ext"

step "check fails and says what to do"
if mus-scheduler check >/tmp/check.txt; then die "check passed"; fi
cat /tmp/check.txt
grep -q 'no sched_ext' /tmp/check.txt || die "the reason is missing"
grep -q 'CONFIG_SCHED_CLASS_EXT' /tmp/check.txt || die "the advice is missing"

step "run fails and says what to do"
if mus-scheduler run --listen '' --state-dir /tmp/state >/tmp/run.txt 2>&1; then die "run went on"; fi
cat /tmp/run.txt
grep -q 'CONFIG_SCHED_CLASS_EXT' /tmp/run.txt || die "the advice is missing"

step "--on-unsupported=idle stays, alive and not ready"
start_daemon --on-unsupported=idle
api /livez || die "not alive"
api /readyz | grep -q 'no sched_ext' || die "the reason is missing: $(api /readyz)"
if mus-scheduler prioritize --cgroup /x; then die "boosted without a scheduler"; fi
stop_daemon
echo "refusal: as promised"
