# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced. How much work the kernel's verifier has with each program: what is loaded at every start, and what grows
# without anybody noticing until a kernel refuses it. Recorded in verified-instructions.txt, by kernel.

SERIES=$(uname -r | cut -d. -f1,2)
MARGIN_PERCENT=20

# With the scheduler attached.
expect_verified_as_recorded() {
	mus-verified | sort >/tmp/verified
	[ -s /tmp/verified ] || die "no program of ours is loaded"
	sed "s/^/   $SERIES /" /tmp/verified
	awk -v series="$SERIES" -v margin="$MARGIN_PERCENT" '
		FILENAME ~ /verified-instructions/ { if ($1 == series) recorded[$2] = $3; next }
		!($1 in recorded) { print "FAILED: " $1 " is not recorded"; bad = 1; next }
		{ if ($2 > recorded[$1] * (100 + margin) / 100) { print "FAILED: " $1 ": " $2 ", recorded are " recorded[$1]; bad = 1 }
			delete recorded[$1] }
		END { for (name in recorded) { print "FAILED: " name " is recorded and not loaded"; bad = 1 }; exit bad }
	' /share/verified-instructions.txt /tmp/verified ||
		die "look why; what is meant to be goes into tests/vm/verified-instructions.txt, as printed above"
}
