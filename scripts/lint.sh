# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Format and static checks. One version of the tools on every Debian, since
# each version of clang-format has its own taste.

sources_cxx() {
	git -C "$MUS_ROOT" ls-files -z --cached --others --exclude-standard -- \
		'*.c' '*.cc' '*.cpp' '*.h' '*.hpp'
}

sources_shell() {
	printf 'dev\0.ci/run\0'
	git -C "$MUS_ROOT" ls-files -z --cached --others --exclude-standard -- \
		'*.sh' '*.bash' 'packaging/deb/p*'
}

fmt() {
	(cd "$MUS_ROOT" && sources_cxx | xargs -0 -r clang-format-19 -i)
}

# The folders are those that clang-tidy reads: all, or fewer where time counts.
lint() {
	lint_format
	lint_shell
	(($#)) || set -- src tests bench
	lint_tidy "$@"
}

lint_format() {
	say "clang-format"
	(cd "$MUS_ROOT" && sources_cxx | xargs -0 -r clang-format-19 --dry-run -Werror) ||
		die "not formatted: './dev fmt' puts it right"
}

lint_shell() {
	say "shellcheck"
	(cd "$MUS_ROOT" && sources_shell | xargs -0 -r shellcheck) ||
		die "shellcheck has objections"
}

# Only our own C++: the BPF program is compiled by clang with its own
# warnings, and generated files are nobody's style.
lint_tidy() {
	local database="$MUS_BUILD/release"
	build_preset release
	[[ -e $database/compile_commands.json ]] ||
		die "$database/compile_commands.json is missing"
	python3 "$MUS_ROOT/scripts/tidy.py" "$MUS_ROOT" "$database" "$MUS_CACHE/tidy" "$@" ||
		die "clang-tidy has objections"
}
