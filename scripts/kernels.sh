# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Test kernels, named by series: "7.3" is the newest 7.3.x that the mirror has
# or that is cached (point releases leave the mirror). Each is a directory
#
#   kernels/<series>/vmlinuz
#   kernels/<series>/lib/modules/<release>/   a few modules and their index
#   kernels/<series>/release                  what uname -r will say
#
# "6.12-debian" is Debian's stock 6.12, which has no sched_ext: the daemon must
# refuse it. "6.12" proper is compiled; see kernel-build.sh. A series that
# $MUS_KERNELS has as vmlinuz-RELEASE is taken from there, when it is first
# wanted.

KERNELS_FETCHED=(7.3 6.18 6.12-debian)
KERNELS_COMPILED=(6.12)

# Modules for the virtual machine itself (9p, virtio), for a userland on a disk
# image, and for a container runtime.
KERNEL_MODULES=(
	9p 9pnet_virtio virtio_pci virtio_blk virtio_net virtio_console virtio_rng
	overlay squashfs ext4 loop fuse
	veth bridge dummy tun br_netfilter nf_tables nft_compat nf_conntrack
	nft_chain_nat nft_ct nft_masq ip_tables iptable_nat iptable_filter
	ip6_tables ip6table_nat ip6table_filter
	xt_comment xt_mark xt_conntrack xt_MASQUERADE xt_nat xt_addrtype
	xt_multiport xt_statistic
)

kernel_dir() {
	printf '%s' "$MUS_CACHE/kernels/$1"
}

kernel_ready() {
	[[ -e $(kernel_dir "$1")/release ]]
}

kernels_setup() {
	local series
	for series in "${KERNELS_FETCHED[@]}"; do kernel_get "$series"; done
	for series in "${KERNELS_COMPILED[@]}"; do
		if [[ $(kernel_given "$series") ]]; then kernel_get "$series"; fi
	done
}

# Who has nothing yet need not wait for this before the first test.
kernels_compile() {
	local series
	for series in "${KERNELS_COMPILED[@]}"; do kernel_get "$series"; done
}

kernels_compiled() {
	local series
	for series in "${KERNELS_COMPILED[@]}"; do kernel_ready "$series" || return 1; done
}

kernel_get() {
	kernel_ready "$1" || with_lock "kernel-$1" kernel_make "$1"
}

kernel_make() {
	local series=$1 given
	kernel_ready "$series" && return 0
	given=$(kernel_given "$series")
	if [[ $given ]]; then
		say "taking the kernel $given"
		kernel_keep "$given" "${given##*/vmlinuz-}" "$(kernel_dir "$series")"
	elif [[ $series == 6.12 ]]; then
		kernel_build
	else
		kernel_fetch "$series" "${series%-debian}"
	fi
}

# The newest of the series in $MUS_KERNELS, if there is one.
kernel_given() {
	[[ ${MUS_KERNELS:-} ]] || return 0
	[[ -d $MUS_KERNELS ]] || die "MUS_KERNELS: there is no directory $MUS_KERNELS"
	find "$MUS_KERNELS" -maxdepth 1 -name "vmlinuz-$1.*" | sort -V | tail -n 1
}

# One that has everything built in, without modules.
kernel_keep() {
	local image=$1 release=$2 dir=$3
	rm -rf "$dir"
	mkdir -p "$dir"
	cp "$image" "$dir/vmlinuz"
	printf '%s\n' "$release" >"$dir/release"
}

# The compiled kernel needs a compiler's worth of packages of its own, so its
# recipe is only read when somebody asks for it.
kernel_build() {
	# shellcheck source=/dev/null
	. "$MUS_ROOT/scripts/kernel-build.sh"
	kernel_compile
}

# Package-name part of the newest release of a series, e.g. 6.18.15+deb13-amd64.
kernel_newest() {
	local series=${1//./\\.}
	apt_private apt-cache pkgnames linux-image- |
		sed -nE "s/^linux-image-($series\.[0-9]+(-[0-9]+|\+deb[0-9.]+)-amd64)\$/\1/p" |
		sort -V | tail -n 1
}

kernel_fetch() {
	local series=$1 number=$2 release package version work start=$SECONDS
	apt_private_update
	release=$(kernel_newest "$number")
	[[ $release ]] || die "the mirror has no kernel of the series $number"
	say "fetching kernel $release"
	work="$MUS_CACHE/apt/kernel-$series"
	rm -rf "$work"
	# Newer series are split; linux-image is then an empty shell.
	for package in linux-binary linux-modules linux-image; do
		version=$(apt_pick "$package-$release" any 0 || true)
		[[ $version ]] || continue
		apt_extract "$package-$release=$version" "$work"
		[[ $package != linux-modules ]] || break
	done
	kernel_install "$series" "$release" "$work"
	rm -rf "$work"
	say "kernel $release ready in $(elapsed "$start")"
}

# From an unpacked package: the image, and of the modules only what is needed,
# uncompressed because emulated processors are slow.
kernel_install() {
	local series=$1 release=$2 from=$3 dir new modules name
	dir=$(kernel_dir "$series")
	new="$dir.new"
	modules="lib/modules/$release"
	rm -rf "$new"
	mkdir -p "$new/$modules"
	[[ -d $from/$modules ]] || ln -s usr/lib "$from/lib"
	# Newer packages keep the image beside the modules.
	cp "$from/boot/vmlinuz-$release" "$new/vmlinuz" 2>/dev/null ||
		cp "$from/$modules/vmlinuz" "$new/vmlinuz"
	depmod -b "$from" "$release" 2>/dev/null
	# A module that is built in, or gone from this series, is no loss.
	for name in "${KERNEL_MODULES[@]}"; do
		modprobe -d "$from" -S "$release" -D "$name" 2>/dev/null || true
	done | awk '$1 == "insmod" { print $2 }' | sort -u |
		kernel_copy_modules "$from" "$new"
	cp "$from/$modules"/modules.{builtin,builtin.modinfo,order} "$new/$modules/" \
		2>/dev/null || true
	depmod -b "$new" "$release" 2>/dev/null
	rm -rf "$dir"
	mv "$new" "$dir"
	printf '%s\n' "$release" >"$dir/release"
}

kernel_copy_modules() {
	local from=$1 new=$2 file to
	while read -r file; do
		to="$new/lib/modules/${file#*"/lib/modules/"}"
		mkdir -p "${to%/*}"
		case $file in
		*.xz) xz -dc "$file" >"${to%.xz}" ;;
		*.zst) zstd -qdc "$file" >"${to%.zst}" ;;
		*) cp "$file" "$to" ;;
		esac
	done
}
