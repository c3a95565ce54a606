# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Configure and compile one of CMakePresets.json's presets in build/<preset>.

build_preset() {
	local preset=${1:-release} start=$SECONDS
	[[ -e $MUS_ROOT/CMakePresets.json ]] || die "there is no CMakePresets.json"
	case $preset in
	release | debug | asan | tsan | fuzz) ;;
	*) die "no preset '$preset': release, debug, asan, tsan or fuzz" ;;
	esac
	with_lock "build-$(printf '%s' "$MUS_ROOT/$preset" | digest)" build_locked "$preset" ||
		exit 1
	say "build/$preset is up to date ($(elapsed "$start"))"
}

# One compiler cache for all clones: what has been compiled once, in whatever
# directory, is not compiled again.
build_cached() {
	export CCACHE_DIR="$MUS_CACHE/ccache" CCACHE_BASEDIR="$MUS_ROOT" CCACHE_NOHASHDIR=1
	export CCACHE_MAXSIZE=2G CCACHE_COMPILERCHECK=content
	export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
}

build_locked() {
	local preset=$1 dir="$MUS_BUILD/$1"
	mkdir -p "$dir"
	build_cached
	# Ninja re-runs CMake by itself when a list file changes.
	if [[ ! -e $dir/build.ninja ]]; then
		say "configuring build/$preset"
		(cd "$MUS_ROOT" && cmake --preset "$preset" >"$dir/configure.log" 2>&1) || {
			cat "$dir/configure.log" >&2
			die "cmake failed"
		}
	fi
	ninja -C "$dir"
}
