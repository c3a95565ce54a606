# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# A real-time task takes a CPU for seconds: nobody who could run elsewhere stays behind it.
# shellcheck source=/dev/null
. /share/lib.sh

start_attached
step "tasks that may run everywhere, beside real-time ones that take CPU 1 again and again for two seconds"
# Above all others, so that it is not itself among the measured.
spawn loud chrt -f 50 taskset 2 mus-load pulse 1 2000000 20000
spawn meek sh -c 'exec mus-load gaps 6 2 >/tmp/meek'
waiting=$!
spawn busy mus-load pulse 2 500 500
wait $waiting
echo "   the longest that one of two spinning threads did not run: $(($(cat /tmp/meek) / 1000)) ms"
[ "$(cat /tmp/meek)" -le 1000000 ] || die "a task was stranded behind the real-time one"
scx_is enabled || die "ejected: $(api /status)"
[ "$(api /status | tr -d ' \n' | grep -o '"reenqueues":[0-9]*' | cut -d: -f2)" -gt 0 ] || die "nothing was taken back from CPU 1"

stop_daemon
echo "realtime: nobody was stranded"
