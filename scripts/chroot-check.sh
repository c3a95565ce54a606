# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Does a bare Debian suffice? Runs ./dev VERB (build, if none is named) of a
# clean clone in a minimal chroot, with nothing from this machine but the
# address of its mirror.

chroot_check() {
	local suite=${1:-bookworm} root start=$SECONDS
	(($# == 0)) || shift
	(($#)) || set -- build
	((EUID == 0)) || die "chroot-check needs root"
	[[ -z $(git -C "$MUS_ROOT" status --porcelain) ]] ||
		say "chroot-check: what is not committed takes no part"
	mkdir -p "$MUS_BUILD"
	root=$(mktemp -d "${TMPDIR:-/var/tmp}/mus-$suite.XXXXXX")
	# A subshell for the sake of its exit trap. It must stay a plain command:
	# as part of a condition it would carry on after a failure.
	(
		trap 'chroot_remove "$root"' EXIT
		trap 'exit 130' INT TERM HUP
		chroot_make "$suite" "$root"
		git clone -q "$MUS_ROOT" "$root/root/project"
		say "chroot-check: ./dev $* in a bare $suite"
		chroot_run "$root" /root/project/dev "$@"
		say "chroot-check: ./dev $* was done after $(elapsed "$start")"
		# A second run has nothing left to set up or to build, and is quick.
		chroot_run "$root" /root/project/dev build
		chroot_run "$root" /root/project/build/release/mus-scheduler version
	)
	say "chroot-check: a bare $suite suffices for ./dev $* ($(elapsed "$start"))"
}

chroot_make() {
	local suite=$1 root=$2 log="$MUS_BUILD/chroot-$1.log" script
	local scripts=/usr/share/debootstrap/scripts
	# A suite newer than debootstrap itself is made like unstable.
	script=$scripts/$suite
	[[ -e $script ]] || script=$scripts/sid
	say "chroot-check: making a bare $suite"
	debootstrap --variant=minbase "$suite" "$root" "$(apt_mirror)" "$script" >"$log" 2>&1 || {
		tail -n 15 "$log" >&2
		die "debootstrap of $suite failed; see $log"
	}
	# How to reach the mirror is this machine's business, also in there.
	if [[ -e /etc/resolv.conf ]]; then cp /etc/resolv.conf "$root/etc/"; fi
	apt-config dump | grep -E '^Acquire::(https?::.*Proxy|Check-|Retries)' \
		>"$root/etc/apt/apt.conf.d/90mirror" || true
	mount -t proc proc "$root/proc"
	mount -t sysfs -o ro sys "$root/sys"
	mount -t tmpfs tmp "$root/tmp"
}

chroot_run() {
	local root=$1
	shift
	env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		${http_proxy:+"http_proxy=$http_proxy"} ${https_proxy:+"https_proxy=$https_proxy"} \
		chroot "$root" "$@" </dev/null
}

# Never removes through a mount that did not go away.
chroot_remove() {
	local root=$1 point
	for point in tmp sys proc; do
		if mountpoint -q "$root/$point"; then umount -l "$root/$point"; fi
	done
	if findmnt -rno TARGET | grep -qF "$root/"; then
		say "chroot-check: still mounted, left alone: $root"
		return 0
	fi
	rm -rf --one-file-system "$root"
}
