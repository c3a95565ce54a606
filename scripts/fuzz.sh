# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# ./dev fuzz [SECONDS]: each fuzz target for that long, from its seeds in
# tests/fixtures/fuzz. What it learns stays in build/fuzz/corpus for the next
# time; an input that breaks a promise is kept in build/fuzz and ends the run.

fuzz() {
	local seconds=${1:-60} program target dir="$MUS_BUILD/fuzz" start
	[[ $seconds =~ ^[1-9][0-9]*$ ]] || die "fuzz: '$seconds' is no number of seconds"
	build_preset fuzz
	for program in "$dir"/tests/fuzz/fuzz-*; do
		[[ -x $program && -f $program ]] || continue
		target=${program##*/fuzz-}
		start=$SECONDS
		say "fuzzing $target for $seconds s"
		mkdir -p "$dir/corpus/$target"
		"$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
			-artifact_prefix="$dir/$target-" "$dir/corpus/$target" \
			"$MUS_ROOT/tests/fixtures/fuzz/$target" >"$dir/$target.log" 2>&1 || {
			tail -n 40 "$dir/$target.log" >&2
			die "$target broke a promise; its input is $dir/$target-*, the whole log $dir/$target.log"
		}
		say "$target: $(awk '/stat::number_of_executed_units/ { print $2 }' "$dir/$target.log") inputs in $(elapsed "$start"), nothing found"
	done
}
