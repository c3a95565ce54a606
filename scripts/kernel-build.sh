# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Debian's own 6.12 has sched_ext switched off, so the oldest kernel that the
# project supports is compiled from Debian's source, once, into the cache.

KERNEL_BUILD_PACKAGES=(make gcc flex bison bc dwarves libelf-dev libssl-dev xz-utils lz4)

kernel_compile() {
	local series=6.12 version tree start=$SECONDS
	local log="$MUS_CACHE/logs/kernel-$series.log" work="$MUS_CACHE/kernel-build"
	packages_install "${KERNEL_BUILD_PACKAGES[@]}"
	apt_private_update
	version=$(apt_pick "linux-source-$series" own "$series" || true)
	[[ $version ]] || die "the mirror has no source of linux $series for $(codename)"
	say "compiling linux $version; this takes a quarter of an hour on two processors"
	rm -rf "$work"
	apt_extract "linux-source-$series=$version" "$work"
	tar -C "$work" -xf "$work/usr/src/linux-source-$series.tar.xz"
	tree="$work/linux-source-$series"
	cp "$MUS_ROOT/scripts/kernel-$series.config" "$tree/arch/x86/configs/mus_defconfig"
	kernel_make_in "$tree" mus_defconfig >"$log" 2>&1 || kernel_compile_failed "$log"
	# A wish that Kconfig did not grant is dropped silently: look.
	grep -q '^CONFIG_SCHED_CLASS_EXT=y' "$tree/.config" ||
		die "the configuration of linux $series came out without sched_ext"
	kernel_make_in "$tree" bzImage 2>&1 | tee -a "$log" |
		awk '/^ *(CC|LD|AR) / && ++n % 250 == 0 { print "dev:   " n " files ..." > "/dev/stderr"; fflush() }' ||
		kernel_compile_failed "$log"
	kernel_keep "$tree/arch/x86/boot/bzImage" "$(<"$tree/include/config/kernel.release")" "$(kernel_dir "$series")"
	rm -rf "$work"
	say "linux $version compiled in $(elapsed "$start")"
}

kernel_make_in() {
	local tree=$1
	shift
	nice make -C "$tree" -j "$(nproc)" LOCALVERSION=-mus KBUILD_BUILD_USER=mus \
		KBUILD_BUILD_HOST=mus "$@"
}

kernel_compile_failed() {
	tail -n 20 "$1" >&2
	die "the kernel does not compile; the whole log is in $1"
}
