# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016
# A private apt: its own sources, lists and downloads beneath the cache
# directory. It reads newer suites of the mirror that this machine already
# uses; the system's sources and its installed packages are left alone.

# The address of the mirror that the system's own suite comes from.
apt_mirror() {
	local suite
	suite=$(codename)
	apt-get indextargets --format '$(SITE) $(RELEASE)' 2>/dev/null |
		awk -v suite="$suite" '$2 == suite { print $1; exit }'
}

# The suites that are read: our own ones for whatever is linked or run here,
# and newer ones for data and sources, which do not care about the C library.
apt_suites_own() {
	local suite
	suite=$(codename)
	printf '%s\n' "$suite" "$suite-backports"
}

apt_suites() {
	{
		apt_suites_own
		printf '%s\n' trixie-backports
	} | awk '!seen[$0]++'
}

apt_private() {
	local tool=$1
	shift
	"$tool" \
		-o Dir::Etc::sourcelist="$MUS_CACHE/apt/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferences="$MUS_CACHE/apt/preferences" \
		-o Dir::Etc::preferencesparts=/dev/null \
		-o Dir::State::lists="$MUS_CACHE/apt/lists" \
		-o Dir::Cache="$MUS_CACHE/apt" \
		-o Dir::Cache::archives="$MUS_CACHE/apt/archives" \
		-o Dir::Cache::pkgcache=pkgcache.bin \
		-o Dir::Cache::srcpkgcache=srcpkgcache.bin \
		-o APT::Sandbox::User=root \
		-o Acquire::Languages=none \
		-o Acquire::GzipIndexes=true \
		-o Acquire::Retries=3 \
		-o Debug::NoLocking=1 \
		"$@"
}

# Refreshes the private lists, at most once in a run of the script.
apt_private_update() {
	# A file, because subshells of one run have no variable in common.
	local fresh="$MUS_CACHE/apt/fresh"
	[[ -e $fresh && $(<"$fresh") == "$$" ]] && return 0
	local mirror suite keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	local log="$MUS_CACHE/logs/apt.log"
	mirror=$(apt_mirror)
	[[ $mirror ]] ||
		die "apt is not configured with a mirror of Debian's $(codename) suite"
	mkdir -p "$MUS_CACHE"/apt/{lists,archives}/partial "$MUS_CACHE/logs"
	while read -r suite; do
		printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$mirror" "$suite"
		# Of the system's suite itself no source is wanted, and its list is long.
		[[ $suite != "$(codename)" ]] || continue
		printf 'deb-src [signed-by=%s] %s %s main\n' "$keyring" "$mirror" "$suite"
	done < <(apt_suites) >"$MUS_CACHE/apt/sources.list"
	# Foreign suites serve exact requests only, never a dependency.
	while read -r suite; do
		printf 'Package: *\nPin: release n=%s\nPin-Priority: -1\n\n' "$suite"
	done < <(comm -23 <(apt_suites | sort) <(apt_suites_own | sort)) \
		>"$MUS_CACHE/apt/preferences"
	say "reading package lists: $(apt_suites | tr '\n' ' ')"
	: >"$log"
	# Error-Mode=any: a list that could not be fetched is an error here.
	apt_private apt-get -q -o APT::Update::Error-Mode=any update >>"$log" 2>&1 ||
		apt_failed "$log"
	printf '%s\n' "$$" >"$fresh"
}

# Newest version of a package within a tier (own, any) that is at least $3
# and, if $4 is given, below $4. Fails when there is none.
apt_pick() {
	local package=$1 tier=$2 minimum=$3 below=${4:-} version suite best=
	local allowed
	if [[ $tier == own ]]; then allowed=$(apt_suites_own); else allowed=$(apt_suites); fi
	while read -r version suite; do
		grep -qxF "$suite" <<<"$allowed" || continue
		dpkg --compare-versions "$version" ge "$minimum" || continue
		[[ -z $below ]] || dpkg --compare-versions "$version" lt "$below" || continue
		[[ -z $best ]] || dpkg --compare-versions "$version" gt "$best" || continue
		best=$version
	done < <(apt_versions "$package")
	[[ $best ]] && printf '%s' "$best"
}

# "VERSION SUITE" of every binary version that the mirror has.
apt_versions() {
	apt_private apt-cache madison "$1" 2>/dev/null |
		awk -F ' *[|] *' '$3 !~ / Sources$/ {
			split($3, w, " "); sub("/.*", "", w[2]); print $2, w[2]
		}'
}

# Downloads a package (name=version) and unpacks it beneath a directory.
apt_extract() {
	local spec=$1 into=$2 work log="$MUS_CACHE/logs/apt.log"
	work=$(mktemp -d "$MUS_CACHE/apt/get.XXXXXX")
	(cd "$work" && apt_private apt-get -q download "$spec") >>"$log" 2>&1 ||
		apt_failed "$log"
	mkdir -p "$into"
	dpkg-deb -x "$work"/*.deb "$into"
	rm -rf "$work"
}

# Unpacks a package of suite $2 beneath $3, together with every dependency
# that is not installed here.
apt_extract_closure() {
	local package=$1 suite=$2 into=$3 archives="$MUS_CACHE/apt/closure" deb
	local log="$MUS_CACHE/logs/apt.log"
	rm -rf "$archives"
	mkdir -p "$archives/partial" "$into"
	apt_private apt-get -q -y -o Dir::Cache::archives="$archives" --download-only \
		install --no-install-recommends -t "$suite" "$package" >>"$log" 2>&1 ||
		apt_failed "$log"
	for deb in "$archives"/*.deb; do dpkg-deb -x "$deb" "$into"; done
	rm -rf "$archives"
}

# Downloads the newest source package of at least version $2 that can be had
# and unpacks it, with Debian's patches applied, as directory $3. A mirror may
# list a file that it does not have; then an older version serves, and sid is
# asked last.
apt_source() {
	local package=$1 minimum=$2 into=$3 version
	for version in $(apt_source_versions "$package" "$minimum"); do
		! apt_source_version "$package" "$version" "$into" || return 0
	done
	apt_private_add_sid
	for version in $(apt_source_versions "$package" "$minimum"); do
		! apt_source_version "$package" "$version" "$into" || return 0
	done
	apt_failed "$MUS_CACHE/logs/apt.log"
}

apt_source_version() {
	local package=$1 version=$2 into=$3 work status=0
	work=$(mktemp -d "$MUS_CACHE/apt/get.XXXXXX")
	{
		(cd "$work" && apt_private apt-get -q --download-only source "$package=$version") &&
			(cd "$work" && dpkg-source --no-check -x ./*.dsc "$into")
	} >>"$MUS_CACHE/logs/apt.log" 2>&1 || status=$?
	rm -rf "$work"
	return "$status"
}

# Newest first.
apt_source_versions() {
	apt_private apt-cache showsrc --only-source "$1" 2>/dev/null |
		awk '$1 == "Version:" { print $2 }' | sort -u -V -r |
		while read -r version; do
			if dpkg --compare-versions "$version" ge "$2"; then printf '%s\n' "$version"; fi
		done
}

apt_private_add_sid() {
	local list="$MUS_CACHE/apt/sources.list" log="$MUS_CACHE/logs/apt.log"
	say "reading one more package list: sid"
	sed -n 's/ trixie-backports main$/ sid main/p' "$list" | grep '^deb-src' >>"$list.more"
	cat "$list.more" >>"$list"
	rm -f "$list.more"
	apt_private apt-get -q -o APT::Update::Error-Mode=any update >>"$log" 2>&1 ||
		apt_failed "$log"
}
