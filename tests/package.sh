#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# In a bare Debian 12 (./dev package --check): what the packages do to it, and that nothing of it stays.
set -eu
cd "$(dirname "$0")"
say() { echo "package: $*"; }
die() { say "$*" >&2; exit 1; }

# All files but dpkg's own books and the caches; ends in "-": backups of /etc/passwd and the like.
files() {
	find / -xdev \( -path /proc -o -path /sys -o -path /tmp -o -path /root -o -path /var/lib/dpkg -o -path /var/cache \
		-o -path /var/log -o -path /run \) -prune -o ! -name '*-' -print | sort
}

files >/tmp/before
dpkg -i ./*.deb >/tmp/log 2>&1 || { cat /tmp/log; die "it does not install beside nothing but a minimal system"; }
mus-scheduler version
getent group mus-scheduler >/dev/null || die "there is no group mus-scheduler"
mus-scheduler check >/tmp/check || true # there is no sched_ext here; but it has to say so
grep -q 'sched_ext' /tmp/check || die "check says nothing of sched_ext"
[ -z "$(find / -xdev -name '*mus-scheduler*' ! -user root)" ] || die "files that are not root's"
[ "$(stat -c %a /usr/bin/mus-scheduler)" = 755 ] || die "the program's mode is wrong"
if readelf --version >/dev/null 2>&1; then die "this system is not bare"; fi

say "an upgrade keeps the settings"
echo 'MUS_LOG_LEVEL=debug' >>/etc/default/mus-scheduler
dpkg -i ./*.deb >/tmp/log 2>&1 </dev/null || { cat /tmp/log; die "it does not upgrade"; }
grep -q '^MUS_LOG_LEVEL=debug$' /etc/default/mus-scheduler || die "the settings were overwritten"

say "removed, it leaves them, and purged, nothing"
mkdir -p /var/lib/mus-scheduler && echo '{}' >/var/lib/mus-scheduler/boosts.json
dpkg -r mus-scheduler >/tmp/log 2>&1 || { cat /tmp/log; die "it cannot be removed"; }
[ -e /etc/default/mus-scheduler ] || die "the settings went with a removal"
[ -e /var/lib/mus-scheduler/boosts.json ] || die "the boosts went with a removal"
dpkg -P mus-scheduler >/tmp/log 2>&1 || { cat /tmp/log; die "it cannot be purged"; }
files >/tmp/after
diff /tmp/before /tmp/after || die "the above is left, or missing, after a purge"
if getent group mus-scheduler >/dev/null; then die "the group is left after a purge"; fi

say "the tarball has the same files"
mkdir /tmp/tarball && tar -xzf ./*.tar.gz --strip-components=1 -C /tmp/tarball
dpkg -c ./*.deb | awk '$1 !~ /^d/ { print $6 }' | sort >/tmp/in-deb
(cd /tmp/tarball && find . ! -type d | sort) | diff /tmp/in-deb - || die "it has others"

say "with systemd: its unit, its group, its manual page"
export DEBIAN_FRONTEND=noninteractive
{ apt-get update && apt-get install -y --no-install-recommends systemd man-db; } >/tmp/log 2>&1 ||
	{ tail -n 15 /tmp/log; die "systemd and man-db cannot be installed"; }
dpkg -i ./*.deb >/tmp/log 2>&1 || { cat /tmp/log; die "it does not install beside systemd"; }
unit=/usr/lib/systemd/system/mus-scheduler.service
complaints=$(systemd-analyze verify "$unit" 2>&1) || die "systemd-analyze verify: $complaints"
[ -z "$complaints" ] || die "systemd-analyze verify: $complaints"
score=$(systemd-analyze security --offline=true --no-pager "$unit" |
	sed -n 's/.*exposure level for mus-scheduler.service: \([0-9.]*\).*/\1/p')
say "exposure level $score"
awk -v score="$score" 'BEGIN { exit !(score != "" && score <= 2.5) }' || die "that is more than 2.5"
LC_ALL=C.UTF-8 MANROFFSEQ='' man --warnings -E UTF-8 -l /usr/share/man/man8/mus-scheduler.8.gz >/tmp/page 2>/tmp/log ||
	{ cat /tmp/log; die "man does not show the page"; }
[ ! -s /tmp/log ] || { cat /tmp/log; die "man has warnings"; }
grep -q 'prioritize' /tmp/page || die "the manual page is empty"
dpkg -P mus-scheduler >/tmp/log 2>&1 || { cat /tmp/log; die "it cannot be purged beside systemd"; }
say "all as promised"
