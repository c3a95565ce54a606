#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The rule of the house (docs/architecture.md): a room of src/ includes include/mus and itself; daemon may include core;
# each outside library is included by its own room alone. Fails naming every line that breaks it.
set -u
cd "$1" || exit 2
bad=0
complain() { echo "imports: $1"; bad=1; }

rooms='http kernel cgroup pods core api cli daemon web'
crossings=$(
  for room in $rooms; do
    for other in $rooms; do
      [ "$other" != "$room" ] || continue
      [ "$room/$other" != daemon/core ] || continue
      grep -rnE "^#include \"(\.\./)?$other/" "src/$room" --include='*.cpp' --include='*.hpp' 2>/dev/null
    done
  done
)
[ -z "$crossings" ] || complain "a room includes another room; go through include/mus:
$crossings"

only() { # only PATTERN PLACE: the include PATTERN occurs in files whose path matches PLACE alone
  elsewhere=$(grep -rlE "^#include [<\"]$1" src include 2>/dev/null | grep -vE "^($2)")
  [ -z "$elsewhere" ] || complain "$1 belongs to $2, and is included by: $elsewhere"
}
only 'httplib\.h' src/http
only 'mus\.skel\.h' src/kernel
only '(bpf/|linux/bpf)' src/kernel
only 'CLI/' src/cli
only 'spdlog/' 'src/(daemon|cli)/'
only 'openssl/' src/http
only '(curses|ncurses|term)\.h' 'src/cli/top/(terminal|leave_screen)\.cpp'
[ "$(grep -rlE '^#include [<"]mus\.skel\.h' src | wc -l)" -le 1 ] || complain "more than one translation unit includes the skeleton"
[ "$bad" -eq 0 ] && echo "imports: every room keeps to itself"
exit "$bad"
