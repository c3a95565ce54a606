# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# The packages of the system's own suite. What that suite has only in a
# version that is too old comes from deps.sh and stays out of the system.

# Enough to compile, format, lint and unit-test.
PACKAGES_BUILD=(
	ca-certificates curl file git openssl python3 xz-utils zstd
	dpkg-dev g++ cmake ninja-build ccache
	clang-19 llvm-19 clang-format-19 clang-tidy-19 shellcheck
	libcap2 libzstd1 python3-hypothesis python3-jsonschema tmux
	nlohmann-json3-dev libspdlog-dev libfmt-dev libcli11-dev libexpected-dev
	libssl-dev zlib1g-dev libzstd-dev libncurses-dev
	systemd
)

# bpftool's library, which was renamed for 64-bit time.
if [[ $(codename) == bookworm ]]; then
	PACKAGES_BUILD+=(libelf1)
else
	PACKAGES_BUILD+=(libelf1t64)
fi

# clang's run-time library for libFuzzer.
PACKAGES_FUZZ=(libclang-rt-19-dev)

# What runs in the test machines, and what it takes to start one. redis-tools
# holds the server's binary too; the redis-server package would start a
# service on this machine, which nobody asked for.
PACKAGES_VM=(
	busybox-static cpio kmod util-linux debootstrap squashfs-tools
	redis-tools stress-ng rt-tests
)

# For the pages that try what they must not.
PACKAGES_BROWSER=(chromium)

# To build the image for the DaemonSet by its recipe.
PACKAGES_IMAGE=(buildah)

# What the benchmark needs besides: perf's pipe and counters, and its pictures.
PACKAGES_BENCH=(linux-perf python3-matplotlib)

# Names of the given packages that are not installed.
packages_missing() {
	dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
		awk -v want="$*" '
			$1 == "installed" { have[$2] = 1 }
			END {
				n = split(want, w, " ")
				for (i = 1; i <= n; i++) if (!(w[i] in have)) print w[i]
			}'
}

# Turns apt's chatter into one line per 20 steps; the whole goes to a log.
apt_progress() {
	local log=$1
	tee -a "$log" | awk '
		/^Get:/        { got++;  if (got % 20 == 0) note("fetched " got) }
		/^Setting up / { done++; if (done % 20 == 0) note("installed " done) }
		function note(text) { print "dev:   " text " packages ..." > "/dev/stderr"; fflush() }'
}

# Explains a failed apt run: being offline is the common case, and it must
# not look like a defect of the script.
apt_failed() {
	local log=$1
	if grep -qE 'Could not resolve|Temporary failure|Could not connect|Unable to connect|Cannot initiate|Network is unreachable|No route to host' "$log"; then
		die "cannot reach the package mirror $(apt_mirror): connect and run again; what is cached stays"
	fi
	tail -n 15 "$log" >&2
	die "apt failed; the whole log is in $log"
}

packages_install() {
	local missing log start=$SECONDS
	mapfile -t missing < <(packages_missing "$@")
	((${#missing[@]})) || return 0
	((EUID == 0)) ||
		die "needs these packages: ${missing[*]}; run './dev setup' once as root"
	mkdir -p "$MUS_CACHE/logs"
	log="$MUS_CACHE/logs/packages.log"
	: >"$log"
	say "installing ${#missing[@]} packages: ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	# A third party's broken source must not stop us; whether the packages
	# can be had is for the installation to say.
	apt-get -q update >>"$log" 2>&1 || true
	apt-get -q -y -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 \
		install --no-install-recommends "${missing[@]}" 2>&1 |
		apt_progress "$log" || apt_failed "$log"
	say "packages installed in $(elapsed "$start")"
}
