# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# QEMU 10 or newer: 7.2 crashes guests that patch static keys under
# multi-threaded emulation. Where the system's suite is older, a private copy.

QEMU_MINIMUM=1:10.0

qemu_dir() {
	printf '%s' "$MUS_CACHE/qemu/$(codename)"
}

qemu_installed() {
	local version
	version=$(dpkg-query -W -f '${Version}' qemu-system-x86 2>/dev/null) || return 1
	[[ $version ]] && dpkg --compare-versions "$version" ge "$QEMU_MINIMUM"
}

qemu_ready() {
	[[ -e $(qemu_dir)/.complete ]] || qemu_installed
}

qemu_setup() {
	require_x86
	qemu_ready || with_lock qemu qemu_make
}

qemu_make() {
	qemu_ready && return 0
	local dir suite start=$SECONDS
	dir=$(qemu_dir)
	apt_private_update
	suite=$(apt_versions qemu-system-x86 | while read -r version suite; do
		apt_suites_own | grep -qxF "$suite" || continue
		dpkg --compare-versions "$version" ge "$QEMU_MINIMUM" || continue
		printf '%s\n' "$suite"
	done | tail -n 1)
	[[ $suite ]] || die "neither $(codename) nor its backports have QEMU $QEMU_MINIMUM"
	say "fetching QEMU from $suite"
	rm -rf "$dir"
	apt_extract_closure qemu-system-x86 "$suite" "$dir"
	rm -rf "$dir/usr/share/doc"
	qemu_command
	"${QEMU_COMMAND[@]}" --version >/dev/null ||
		die "the private QEMU in $dir does not start"
	touch "$dir/.complete"
	say "QEMU ready in $(elapsed "$start")"
}

# Sets the array QEMU_COMMAND: a command rather than a function, so that
# timeout and the like can be put in front of it.
qemu_command() {
	local dir lib
	dir=$(qemu_dir)
	lib="$dir/usr/lib/$(machine)-linux-gnu"
	QEMU_COMMAND=(qemu-system-x86_64)
	if [[ -d $dir ]]; then
		# Packages of before the merge of /lib into /usr/lib use both.
		QEMU_COMMAND=(
			env "LD_LIBRARY_PATH=$lib:${lib/"$dir/usr"/"$dir"}"
			"QEMU_MODULE_DIR=$lib/qemu" "$dir/usr/bin/qemu-system-x86_64"
			-L "$dir/usr/share/qemu" -L "$dir/usr/share/seabios"
			-L "$dir/usr/lib/ipxe/qemu"
		)
	fi
}
