#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The executable is what an operator can copy to any node: static, small, and alive in an empty root.
set -eu
binary=$1
file "$binary" | grep -q 'statically linked' || { echo "not statically linked: $(file "$binary")"; exit 1; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
strip -o "$dir/mus-scheduler" "$binary"
size=$(stat -c %s "$dir/mus-scheduler")
[ "$size" -lt 12000000 ] || { echo "stripped size $size is over 12 MB"; exit 1; }
if [ "$(id -u)" -eq 0 ]; then
  chroot "$dir" /mus-scheduler version
else
  unshare -r chroot "$dir" /mus-scheduler version
fi
echo "static, $size bytes stripped, runs in an empty root"
