#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The rule of the house (docs/architecture.md): a room of src/ includes include/mus and itself; daemon may include core;
# each outside library is included by its own room alone. Fails naming every line that breaks it.
set -u
cd "$1" || exit 2
bad=0
complain() { echo "imports: $1"; bad=1; }

for dir in src/*/; do
  room=$(basename "$dir")
  for file in $(find "$dir" -name '*.cpp' -o -name '*.hpp'); do
    for other in http kernel cgroup pods core api cli daemon web; do
      [ "$other" = "$room" ] && continue
      [ "$room/$other" = daemon/core ] && continue
      grep -nE "^#include \"(\.\./)?$other/" "$file" | while read -r line; do echo "$file:$line"; done
    done
  done
done > /tmp/imports.$$
while read -r line; do complain "$line: a room includes another room; go through include/mus"; done < /tmp/imports.$$
rm -f /tmp/imports.$$

only() { # only PATTERN ROOM...: the include PATTERN occurs in these places alone
  pattern=$1; shift
  for file in $(grep -rlE "^#include [<\"]$pattern" src include 2>/dev/null); do
    case " $* " in *" $(echo "$file" | cut -d/ -f1-2) "*) ;; *) complain "$file includes $pattern, which belongs to: $*" ;; esac
  done
}
only 'httplib\.h' src/http
only 'mus\.skel\.h' src/kernel
only '(bpf/|linux/bpf)' src/kernel
only 'CLI/' src/cli
only 'spdlog/' src/daemon src/cli src/main.cpp
only 'openssl/' src/http
[ "$(grep -rlE '^#include [<"]mus\.skel\.h' src | wc -l)" -le 1 ] || complain "more than one translation unit includes the skeleton"
[ "$bad" -eq 0 ] && echo "imports: every room keeps to itself"
exit "$bad"
