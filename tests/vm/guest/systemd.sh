# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# The shipped unit under systemd as PID 1, with the capabilities that it grants and no others.
# shellcheck source=/dev/null
. /share/lib.sh

active() { [ "$(systemctl is-active mus-scheduler)" = active ]; }
main_pid() { systemctl show -p MainPID --value mus-scheduler; }
replaced() { active && [ "$(main_pid)" != "$1" ] && [ "$(main_pid)" != 0 ]; }

[ -x /usr/sbin/mus-scheduler ] || install -m 755 "$(command -v mus-scheduler)" /usr/sbin/mus-scheduler
install -m 644 /share/mus-scheduler.service /etc/systemd/system/
if [ -e /share/mus-scheduler.sysusers.conf ]; then
	install -D -m 644 /share/mus-scheduler.sysusers.conf /etc/sysusers.d/mus-scheduler.conf
	systemd-sysusers || die "sysusers failed"
fi
systemctl daemon-reload

step "start"
systemctl start mus-scheduler || die "start failed: $(journalctl -u mus-scheduler --no-pager | tail -n 30)"
scx_is enabled || die "not attached: $(scx_state)"
grep -E 'Cap(Eff|Bnd)' "/proc/$(main_pid)/status"

step "status"
systemctl status --no-pager mus-scheduler | head -n 6
mus-scheduler status || die "status failed"

step "boost with curl"
systemd-run --quiet --unit=noisy sleep 600 || die "systemd-run failed"
curl -sS --fail-with-body -X POST --unix-socket "$SOCKET" 'http://localhost/prioritize?unit=noisy.service' || die "boost refused"
status_has 'noisy.service' || die "the boost is not in /status"

step "a hung daemon is restarted by the watchdog, and attaches again"
pid=$(main_pid)
kill -STOP "$pid"
await 90 replaced "$pid" || die "not restarted: $(journalctl -u mus-scheduler --no-pager | tail -n 20)"
await 30 scx_is enabled || die "not attached after the restart"

step "stop: the kernel's own scheduler"
systemctl stop mus-scheduler
scx_is disabled || die "still $(scx_state)"
echo "systemd: as promised"
