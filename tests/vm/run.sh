#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh KERNEL NAME [VM OPTION ...]: one test of tests/vm/guest in the microVM. The console's log is kept; its path is
# printed when the test fails (./dev vm does that for its own failures, this for the test's).
set -euo pipefail
kernel=$1 name=$2
shift 2
share=$(mktemp -d)
trap 'rm -rf "$share"' EXIT
cp "$MUS_ROOT"/tests/vm/guest/*.sh "$share/"
cp "$MUS_ROOT"/systemd/* "$MUS_ROOT"/manifests/{redis,noise}.yaml "$MUS_ROOT/tests/vm/verified-instructions.txt" "$share/"
echo "${MUS_VM_WINDOWS:-1}" >"$share/windows"
status=0
"$MUS_ROOT/dev" vm --kernel "$kernel" --timeout 400 --share "$share" "$@" -- sh "/share/$name.sh" 2>&1 || status=$?
if ((status == 77)); then
	echo "SKIPPED: vm-$kernel-$name: there is no kubelet to test with, and it could not be fetched; why is said above"
elif ((status != 0)); then
	echo "vm-$kernel-$name: failed with status $status; newest console log:"
	find "$MUS_ROOT/build/vm-logs" -name '*.log' -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2-
fi
exit "$status"
