# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# promtool, for the tests of metrics, rules and dashboard: out of Debian's
# package, which is not installed, since it would start a server.

promtool_path() {
	printf '%s/promtool/promtool' "$MUS_CACHE"
}

promtool_setup() {
	[[ -x $(promtool_path) ]] || with_lock promtool promtool_fetch
}

promtool_fetch() {
	local root
	[[ ! -x $(promtool_path) ]] || return 0
	say "fetching promtool"
	apt_private_update
	root=$(mktemp -d "$MUS_CACHE/promtool.XXXXXX")
	apt_extract prometheus "$root"
	mkdir -p "$MUS_CACHE/promtool"
	mv "$root/usr/bin/promtool" "$(promtool_path)"
	rm -rf "$root"
}
