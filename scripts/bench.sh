# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# ./dev bench: so far, how long a boost takes from the API to the policy map.
set -euo pipefail
: "${MUS_ROOT:?this is a part of ./dev bench}"

# shellcheck source=/dev/null
. "$MUS_ROOT/scripts/lib.sh"

(($# == 0)) || die "bench: no option '$1'"
mkdir -p "$MUS_BUILD/bench"
python3 "$MUS_ROOT/bench/post_latency.py" "$MUS_BUILD/release/mus-scheduler" --json "$MUS_BUILD/bench/post_latency.json"
say "the figures are in build/bench/post_latency.json"
