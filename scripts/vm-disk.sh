# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The disk image for './dev vm --init systemd': a minimal Debian of this
# machine's own suite, read-only, with one unit that runs the command.

VM_DISK_PACKAGES=systemd,systemd-sysv,dbus,curl,procps,iproute2,kmod

vm_disk_image() {
	local to
	to="$MUS_CACHE/vm/disk-$(codename)-$(digest <"$MUS_ROOT/scripts/vm-disk.sh").squashfs"
	[[ -e $to ]] || with_lock vm-disk vm_disk_make "$to"
	printf '%s' "$to"
}

vm_disk_make() {
	local to=$1 root start=$SECONDS log="$MUS_CACHE/logs/disk.log"
	[[ -e $to ]] && return 0
	((EUID == 0)) || die "debootstrap needs root: run this verb once as root"
	say "making a disk image with systemd (a minute or two)"
	mkdir -p "$MUS_CACHE/vm" "$MUS_CACHE/logs"
	root=$(mktemp -d "$MUS_CACHE/vm/root.XXXXXX")
	debootstrap --variant=minbase --include="$VM_DISK_PACKAGES" \
		"$(codename)" "$root" "$(apt_mirror)" 2>&1 | tee "$log" |
		awk '/^I: (Validating|Unpacking|Configuring)/ && ++n % 40 == 0 {
			print "dev:   " n " steps ..." > "/dev/stderr"; fflush() }' || {
		tail -n 15 "$log" >&2
		die "debootstrap failed; the whole log is in $log"
	}
	vm_disk_configure "$root"
	rm -f "$MUS_CACHE/vm/"disk-*.squashfs
	mksquashfs "$root" "$to.new" -noappend -no-progress -comp lz4 \
		-e var/cache/apt/archives var/lib/apt/lists usr/share/{doc,man,locale} >>"$log" ||
		die "mksquashfs failed; see $log"
	mv "$to.new" "$to"
	rm -rf "$root"
	say "disk image ready in $(elapsed "$start")"
}

vm_disk_configure() {
	local root=$1 unit
	mkdir -p "$root/share"
	printf 'mus-vm\n' >"$root/etc/hostname"
	: >"$root/etc/machine-id"
	rm -rf "$root"/var/cache/apt/*.bin
	# Nobody logs in, and nothing has to be kept.
	for unit in getty.target serial-getty@ttyS0.service systemd-logind.service \
		apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
		systemd-timesyncd.service e2scrub_reap.service fstrim.timer \
		systemd-journal-flush.service systemd-update-utmp.service; do
		ln -sf /dev/null "$root/etc/systemd/system/$unit"
	done
	cat >"$root/etc/systemd/system/mus-vm.service" <<-'END'
		[Unit]
		Description=The command of this virtual machine
		After=basic.target dbus.service
		[Service]
		Type=exec
		Environment=HOME=/root TERM=linux
		ExecStart=/usr/local/sbin/mus-vm-run
	END
	mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
	ln -s ../mus-vm.service "$root/etc/systemd/system/multi-user.target.wants/"
	# The same contract as with the small first process in vm-init.sh.
	cat >"$root/usr/local/sbin/mus-vm-run" <<-'END'
		#!/bin/sh
		. /etc/vm.conf
		dmesg -n 7
		stty -F /dev/ttyS1 raw
		/etc/vm-command </dev/null >/dev/ttyS1 2>&1
		status=$?
		stty -F /dev/ttyS1 raw
		dmesg -n 1
		printf '\n%s %s\n' "$TOKEN" "$status" >/dev/ttyS0
		stty -F /dev/ttyS0 raw
		echo o >/proc/sysrq-trigger
		sleep 60
	END
	chmod 755 "$root/usr/local/sbin/mus-vm-run"
}
