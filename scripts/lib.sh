# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What every other piece uses: messages, the cache directory, locks, timing.

MUS_CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/mus-scheduler"
export MUS_BUILD="$MUS_ROOT/build"
# The prefix of everything that the system's own suite is too old for. A
# stable name: the link is moved when a newer prefix is complete.
export MUS_DEPS="$MUS_CACHE/deps"

say() {
	printf 'dev: %s\n' "$*" >&2
}

die() {
	printf 'dev: error: %s\n' "$*" >&2
	exit 1
}

# Reads one variable of os-release without importing the rest of it.
os_release() {
	(
		# shellcheck disable=SC1091
		. /etc/os-release
		eval "printf '%s' \"\${$1:-}\""
	)
}

codename() {
	local name
	name=$(os_release VERSION_CODENAME)
	[[ $name ]] || die "this needs Debian 12 or newer; /etc/os-release names no release"
	printf '%s' "$name"
}

# A short name for a set of inputs: changes whenever one of them does.
digest() {
	sha256sum | cut -c1-12
}

# Runs a command while holding a lock that other invocations of this script
# respect. The kernel drops it when the holder dies, so nothing goes stale.
with_lock() {
	local name=$1
	shift
	mkdir -p "$MUS_CACHE/locks"
	(
		local fd
		exec {fd}>"$MUS_CACHE/locks/$name"
		if ! flock -n "$fd"; then
			say "waiting for another run to finish with '$name'"
			flock "$fd"
		fi
		"$@"
	)
}

# Elapsed time of something that started at $1 seconds, for people.
elapsed() {
	local s=$((SECONDS - $1))
	if ((s >= 60)); then
		printf '%dm%02ds' $((s / 60)) $((s % 60))
	else
		printf '%ds' "$s"
	fi
}

# The machine's architecture as QEMU, the kernel and Debian's paths name it.
machine() {
	uname -m
}

require_x86() {
	[[ $(machine) == x86_64 ]] ||
		die "the test machines are x86-64 only; this one is $(machine)"
}

# What is measured with --host needs a kernel of ours and cgroups that nobody manages. $1: whose they would be.
require_bare_host() {
	[[ -d /sys/kernel/sched_ext ]] ||
		die "this machine's kernel ($(uname -r)) has no sched_ext: leave out --host for a virtual machine"
	((EUID == 0)) || die "--host has to be run as root"
	[[ $(cat /sys/kernel/sched_ext/state) == disabled ]] ||
		die "a sched_ext scheduler is attached here already: stop it first (systemctl stop mus-scheduler)"
	[[ ! -e /sys/fs/cgroup/kubepods.slice ]] ||
		die "this is a Kubernetes node, whose kubelet would remove the cgroups of the $1: leave out --host"
}
