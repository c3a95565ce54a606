#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The shipped unit: systemd finds nothing wrong with it, and its exposure level is 3.0 or better. 77: skipped.
set -u
source_dir=$1
unit=$source_dir/systemd/mus-scheduler.service
if ! command -v systemd-analyze >/dev/null 2>&1; then
  echo "unit-file: skipped: systemd-analyze is not installed here"
  exit 77
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
# The program is not installed where the tests run, and `verify` wants to see it.
sed 's|^ExecStart=/usr/bin/mus-scheduler run$|ExecStart=/bin/true|' "$unit" > "$work/mus-scheduler.service"
grep -q '^ExecStart=/bin/true$' "$work/mus-scheduler.service" || { echo "unit-file: ExecStart is not what README installs"; exit 1; }
if ! complaints=$(systemd-analyze verify "$work/mus-scheduler.service" 2>&1) || [ -n "$complaints" ]; then
  echo "unit-file: $complaints"
  exit 1
fi
score=$(systemd-analyze security --offline=true --no-pager "$work/mus-scheduler.service" 2>/dev/null |
  sed -n 's/.*exposure level for mus-scheduler.service: \([0-9.]*\).*/\1/p')
[ -n "$score" ] || { echo "unit-file: skipped: this systemd-analyze cannot score a file offline"; exit 77; }
echo "unit-file: exposure level $score"
awk -v score="$score" 'BEGIN { exit !(score <= 3.0) }' || { echo "unit-file: more than 3.0"; exit 1; }
# Every variable of the example file is one that the program knows.
program=${2:-}
if [ -x "$program" ]; then
  help=$("$program" run --help)
  sed -n 's/^#\{0,1\}\(MUS_[A-Z_]*\)=.*/\1/p' "$source_dir/systemd/mus-scheduler.default" | sort -u |
    while read -r variable; do
      case $help in *"$variable"*) ;; *) echo "unit-file: $variable of mus-scheduler.default is no option"; exit 1 ;; esac
    done || exit 1
fi
