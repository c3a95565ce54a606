#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# PID 1 of the virtual machine, run by busybox. It must never exit.
#
# ttyS0 is the kernel's console, kept in a file on the host; the command's
# output goes to ttyS1, which the host shows. /etc/vm.conf says what to do:
#   MODE    cmd, shell or systemd      SHARE   1 if a directory is shared
#   TOKEN   marks the status line      SIZE    the terminal's "rows R cols C"
export PATH=/usr/local/bin:/usr/bin:/usr/sbin HOME=/root TERM=linux
umask 022

mount -t devtmpfs dev /dev
exec </dev/null >/dev/ttyS0 2>&1
mount -t proc proc /proc
mount -t sysfs sys /sys

# shellcheck source=/dev/null
. /etc/vm.conf

# Ends the machine; the host looks for the marked line in the console's log.
# Setting a terminal's mode waits until what was written to it is out.
finish() {
	stty -F /dev/ttyS1 raw
	dmesg -n 1
	printf '\n%s %s\n' "$TOKEN" "$1"
	stty -F /dev/ttyS0 raw
	echo o >/proc/sysrq-trigger
	while :; do sleep 1; done
}

mount_share() {
	[ "$SHARE" = 1 ] || return 0
	modprobe 9pnet_virtio 2>/dev/null
	modprobe 9p 2>/dev/null
	mkdir -p "$1"
	mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=none share "$1" ||
		finish 125
}

# The disk image is read-only, and so is the layer that a node has besides; what
# the guest writes goes to memory.
start_systemd() {
	new=/sysroot
	for module in virtio_blk squashfs overlay; do modprobe "$module" 2>/dev/null; done
	mkdir -p /image /space "$new"
	mount -t squashfs -o ro /dev/vda /image || finish 125
	lower=/image
	if [ "$MODE" = kubelet ]; then
		mkdir /layer
		mount -t squashfs -o ro /dev/vdb /layer || finish 125
		lower=/layer:/image
	fi
	mount -t tmpfs space /space
	mkdir /space/upper /space/work
	mount -t overlay -o lowerdir=$lower,upperdir=/space/upper,workdir=/space/work \
		root "$new" || finish 125
	if [ -d /lib/modules ]; then cp -a /lib/modules "$new/usr/lib/"; fi
	cp -a /project/. "$new/"
	cp /vm-command /etc/vm.conf "$new/etc/"
	mount_share "$new/share"
	mount --move /dev "$new/dev"
	umount /sys /proc
	exec switch_root "$new" /lib/systemd/systemd
}

case $MODE in systemd | kubelet) start_systemd ;; esac

mkdir -p /dev/pts /dev/shm
mount -t devpts -o gid=5,mode=620 pts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t tmpfs -o mode=1777 tmp /tmp
mount -t tmpfs -o mode=755 run /run
ln -s /proc/self/fd /dev/fd
ln -s /proc/self/fd/0 /dev/stdin
ln -s /proc/self/fd/1 /dev/stdout
ln -s /proc/self/fd/2 /dev/stderr

# The kernel's own file systems, and every controller for child groups.
mount -t cgroup2 cgroup /sys/fs/cgroup
mount -t bpf bpf /sys/fs/bpf
mount -t tracefs tracefs /sys/kernel/tracing
mount -t debugfs debugfs /sys/kernel/debug
# shellcheck disable=SC2013
for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
	echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
done

hostname mus-vm
ip link set lo up
cp -a /project/. /
mount_share /share

# From here on the console's log tells everything; nobody watches it live.
dmesg -n 7

case $MODE in
cmd)
	stty -F /dev/ttyS1 raw
	setsid /vm-command </dev/null >/dev/ttyS1 2>&1
	finish $?
	;;
shell)
	# shellcheck disable=SC2086
	stty -F /dev/ttyS1 sane $SIZE
	if [ "$SHARE" = 1 ]; then cd /share || true; fi
	# Whatever arrives earlier than this would be lost.
	printf '\n%s ready\n' "$TOKEN"
	setsid -c bash -i </dev/ttyS1 >/dev/ttyS1 2>&1
	finish $?
	;;
esac
