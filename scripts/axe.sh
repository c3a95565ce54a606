# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# axe-core, which finds what keeps people out of a page: for the test of the
# dashboard. npm fetches it, since npm knows which registry this machine uses;
# nothing is installed by it.

AXE_VERSION=4.10.3
AXE_SHA256=0f2b4d7dcdf7d1219df8d1959ad68e565f51d14c3f0d88bb71cd59abeb956292

axe_path() {
	printf '%s/axe/%s.js' "$MUS_CACHE" "$AXE_VERSION"
}

axe_setup() {
	[[ -e $(axe_path) ]] || with_lock axe axe_fetch
}

axe_fetch() {
	local work archive
	[[ ! -e $(axe_path) ]] || return 0
	type -P npm >/dev/null || packages_install npm
	say "fetching axe-core $AXE_VERSION"
	work=$(mktemp -d "$MUS_CACHE/axe.XXXXXX")
	archive="$work/axe-core-$AXE_VERSION.tgz"
	npm pack --loglevel=error --pack-destination "$work" "axe-core@$AXE_VERSION" >/dev/null ||
		die "npm cannot fetch axe-core $AXE_VERSION, see above: connect and run again"
	printf '%s  %s\n' "$AXE_SHA256" "$archive" | sha256sum --check --quiet - || die "axe-core is not what it was"
	tar -xzf "$archive" -C "$work" package/axe.min.js
	mkdir -p "$MUS_CACHE/axe"
	mv "$work/package/axe.min.js" "$(axe_path)"
	rm -rf "$work"
}
