# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A kubelet for the virtual machine tests. Debian has no package of it, but
# bookworm has Kubernetes' source and a compiler that is old enough for it; both
# are taken from there on any host, and the result is a static program. It is
# compiled once, into the cache; an interrupted run goes on where it was.
# $MUS_KUBELET names one that is there already.

KUBELET_VERSION=1.20.2
KUBELET_SUITE=bookworm
KUBELET_GO=1.19

# The exit status that says: what it is made of cannot be had here.
KUBELET_MISSING=77

kubelet_dir() {
	printf '%s' "$MUS_CACHE/kubelet/$KUBELET_VERSION"
}

# The program, after kubelet_get.
kubelet_program() {
	if [[ ${MUS_KUBELET:-} ]]; then readlink -f "$MUS_KUBELET"; else printf '%s/kubelet' "$(kubelet_dir)"; fi
}

kubelet_ready() {
	[[ -x $(kubelet_program) ]]
}

kubelet_get() {
	[[ -z ${MUS_KUBELET:-} ]] || kubelet_ready || die "MUS_KUBELET: $MUS_KUBELET is not a program"
	kubelet_ready || with_lock kubelet kubelet_make
}

# For the gate, which goes on without: then its tests are skipped.
kubelet_setup() {
	local status
	# Not "if (...)": a condition would switch off errexit inside.
	set +e
	(
		set -e
		kubelet_image_get
	)
	status=$?
	set -e
	((status == KUBELET_MISSING)) || return "$status"
	kubelet_say_missing
}

kubelet_say_missing() {
	say "SKIPPED: the tests with a real kubelet. What it is compiled from could not be fetched (why: above, and in" \
		"$MUS_CACHE/logs/kubelet.log); connect and run again, or name a kubelet $KUBELET_VERSION with MUS_KUBELET"
}

# The lists of one suite, apart from those that the rest is taken from.
kubelet_apt() {
	local tool=$1 home="$MUS_CACHE/kubelet/apt"
	shift
	apt_private "$tool" \
		-o Dir::Etc::sourcelist="$home/sources.list" \
		-o Dir::Etc::preferences=/dev/null \
		-o Dir::State::lists="$home/lists" \
		-o Dir::Cache="$home" \
		-o Dir::Cache::archives="$home/archives" \
		"$@"
}

# Runs in a subshell of its own, see with_lock.
kubelet_make() {
	kubelet_ready && return 0
	local work="$MUS_CACHE/kubelet/work" dir start=$SECONDS log="$MUS_CACHE/logs/kubelet.log"
	require_x86
	mkdir -p "$work" "$MUS_CACHE/logs"
	: >"$log"
	say "compiling kubelet $KUBELET_VERSION from Debian's source; this takes 4 minutes on two processors, once"
	# A mirror out of reach is no defect; what fails after the download is one.
	trap '(($? == 0)) || exit $KUBELET_MISSING' EXIT
	kubelet_fetch "$work" "$log"
	trap - EXIT
	kubelet_compile "$work" "$log"
	"$work/kubelet" --version >>"$log" 2>&1 || kubelet_failed "the compiled kubelet does not start" "$log"
	dir=$(kubelet_dir)
	mkdir -p "$dir"
	mv "$work/kubelet" "$dir/kubelet"
	rm -rf "$work" "$MUS_CACHE/kubelet/apt"
	say "kubelet $KUBELET_VERSION compiled in $(elapsed "$start")"
}

# Compiler and source, each unpacked completely or not there.
kubelet_fetch() {
	local work=$1 log=$2 tree="$1/gopath/src/k8s.io/kubernetes"
	[[ ! -d $tree || ! -d $work/go ]] || return 0
	kubelet_apt_update "$log"
	[[ -d $work/go ]] || kubelet_fetch_go "$work" "$log"
	[[ -d $tree ]] || kubelet_fetch_source "$tree" "$log"
}

kubelet_apt_update() {
	local log=$1 home="$MUS_CACHE/kubelet/apt" mirror
	mirror=$(apt_mirror)
	[[ $mirror ]] || die "apt is not configured with a mirror of Debian's $(codename) suite"
	mkdir -p "$home"/{lists,archives}/partial
	printf "deb%s [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $KUBELET_SUITE main\n" \
		'' -src >"$home/sources.list"
	say "reading package lists: $KUBELET_SUITE"
	kubelet_apt apt-get -q -o APT::Update::Error-Mode=any update >>"$log" 2>&1 || apt_failed "$log"
}

kubelet_fetch_go() {
	local work=$1 log=$2 part
	say "  golang-$KUBELET_GO"
	rm -rf "$work/debs" "$work/go.new"
	mkdir -p "$work/debs"
	for part in go src; do
		(cd "$work/debs" && kubelet_apt apt-get -q download "golang-$KUBELET_GO-$part") >>"$log" 2>&1 ||
			apt_failed "$log"
		dpkg-deb -x "$work"/debs/golang-*-"$part"_*.deb "$work/go.new"
	done
	rm -rf "$work/debs"
	mv "$work/go.new" "$work/go"
}

# The version says what it really is, and ends with Debian's revision.
kubelet_fetch_source() {
	local tree=$1 log=$2 version download="${1%/*}/download"
	version=$(kubelet_apt apt-cache showsrc --only-source kubernetes 2>/dev/null |
		awk -v really="really$KUBELET_VERSION-" '$1 == "Version:" && index($2, really) { print $2 }' | sort -V | tail -n 1)
	[[ $version ]] || die "the mirror's $KUBELET_SUITE has no source of kubernetes $KUBELET_VERSION"
	say "  kubernetes $version"
	rm -rf "$download" "$tree.new"
	mkdir -p "$download"
	(cd "$download" && kubelet_apt apt-get -q --download-only source "kubernetes=$version") >>"$log" 2>&1 ||
		apt_failed "$log"
	(cd "$download" && dpkg-source --no-check -x ./*.dsc "$tree.new") >>"$log" 2>&1 ||
		kubelet_failed "the source of kubernetes cannot be unpacked" "$log"
	rm -rf "$download"
	mv "$tree.new" "$tree"
}

# In GOPATH mode: as a module the vendored tree is found inconsistent. Left out
# are the clouds' and docker's parts.
kubelet_compile() {
	local work=$1 log=$2 version=k8s.io/kubernetes/vendor/k8s.io/component-base/version
	(
		cd "$work/gopath/src/k8s.io/kubernetes"
		export GOROOT="$work/go/usr/lib/go-$KUBELET_GO" GOPATH="$work/gopath" GOCACHE="$work/gocache" \
			GOENV=off GO111MODULE=off CGO_ENABLED=0
		nice "$GOROOT/bin/go" build -v -trimpath -tags 'providerless dockerless' \
			-ldflags "-s -w -X $version.gitVersion=v$KUBELET_VERSION" \
			-o "$work/kubelet" k8s.io/kubernetes/cmd/kubelet 2>&1
	) | tee -a "$log" | kubelet_progress || kubelet_failed "the kubelet does not compile" "$log"
}

# Not awk: Debian 13's waits for more to read than there is.
kubelet_progress() {
	local n=0
	while read -r _; do
		((++n % 200 != 0)) || say "  $n of 1260 packages ..."
	done
}

kubelet_failed() {
	tail -n 20 "$2" >&2
	die "$1; the whole log is in $2"
}
