# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# ./dev test: every stage with its time, and one sum of all tests at the end.
#
# ctest labels decide what runs where: "unit" and "api" need nothing but a
# compiler and run under the sanitizers too, "vm" boots virtual machines, and
# "full" besides one of these keeps a test for --full. "compiled" are those on
# kernels that are compiled here: the gate runs them where that has been done.
# "asked" are those of kernels that only --kernel runs.

STAGES_FAILED=()
STAGES_TIMES=()
TESTS_TOTAL=0
TESTS_FAILED=0
TESTS_FULL=
TESTS_KERNEL=
STAGE_RESULT="${TMPDIR:-/tmp}/mus-stage.$$"

run_tests() {
	local start=$SECONDS
	while (($#)); do
		case $1 in
		--full)
			TESTS_FULL=1
			export MUS_VM_WINDOWS=2
			;;
		--kernel)
			(($# > 1)) || die "test: --kernel wants a series"
			TESTS_KERNEL=$2
			shift
			;;
		*) die "test: no option '$1'" ;;
		esac
		shift
	done
	MUS_PROMTOOL=$(promtool_path)
	MUS_AXE=$(axe_path)
	export MUS_PROMTOOL MUS_AXE
	if [[ $TESTS_KERNEL ]]; then stage "setup" setup_kernel; else stage "setup" setup_all; fi
	((${#STAGES_FAILED[@]} == 0)) || tests_verdict "$start"
	stage "build release" build_preset release
	# Without the binaries there is nothing to say about the rest.
	((${#STAGES_FAILED[@]} == 0)) || tests_verdict "$start"
	if [[ $TESTS_KERNEL ]]; then
		stage "virtual machine tests on $TESTS_KERNEL" tests_in release vm full asked
		tests_verdict "$start"
	fi
	if [[ $TESTS_FULL ]]; then
		stage "kernels to compile" kernels_compile
		stage "a kubelet" kubelet_setup
		stage "a browser" browser_setup
	fi
	stage "unit and API tests" tests_in release unit api
	stage "build with address sanitizer" build_preset asan
	stage "tests with address sanitizer" tests_in asan unit api
	stage "build with thread sanitizer" build_preset tsan
	stage "tests with thread sanitizer" tests_in tsan unit api
	if [[ $TESTS_FULL ]]; then
		stage "lint" lint
	else
		stage "lint" lint src
	fi
	stage "virtual machine tests" tests_in release vm
	if [[ $TESTS_FULL ]]; then
		stage "build debug" build_preset debug
		stage "fuzzing" fuzz_set_up
		load chroot-check package
		stage "packages" package --check
		stage "bare Debian 12" chroot_check bookworm
		stage "bare Debian 13" chroot_check trixie
	fi
	tests_verdict "$start"
}

browser_setup() {
	packages_install "${PACKAGES_BROWSER[@]}"
	axe_setup
}

setup_kernel() {
	setup_vm
	kernel_get "$TESTS_KERNEL"
	kubelet_setup
}

fuzz_set_up() {
	setup_fuzz
	fuzz 60
}

# A stage is a subshell: 'die' in it ends the stage, not the run. What it
# counted comes back through a file.
stage() {
	local name=$1 start=$SECONDS outcome=ok total=0 bad=0 status
	shift
	printf '\n=== %s\n' "$name"
	rm -f "$STAGE_RESULT"
	# Not "if (...)": a condition would switch off errexit inside.
	set +e
	(
		set -e
		"$@"
	)
	status=$?
	set -e
	((status == 0)) || outcome=FAILED
	if [[ -e $STAGE_RESULT ]]; then read -r bad total <"$STAGE_RESULT"; fi
	rm -f "$STAGE_RESULT"
	TESTS_TOTAL=$((TESTS_TOTAL + total))
	TESTS_FAILED=$((TESTS_FAILED + bad))
	STAGES_TIMES+=("$(printf '%7s  %-6s  %s' "$(elapsed "$start")" "$outcome" "$name")")
	[[ $outcome == ok ]] || STAGES_FAILED+=("$name")
	printf '=== %s: %s in %s\n' "$name" "$outcome" "$(elapsed "$start")"
}

# One preset's tests of the given labels. ctest's own sum is held back, since
# the one that matters is that of all stages.
tests_in() {
	local preset=$1 labels choice log sum
	shift
	labels=$(IFS='|' && printf '^(%s)$' "$*")
	if [[ $TESTS_KERNEL ]]; then
		choice=(-R "^vm-${TESTS_KERNEL//./\\.}-")
	elif [[ $TESTS_FULL ]]; then
		choice=()
	elif kernels_compiled; then
		choice=(-LE '^full$')
	else
		choice=(-LE '^(full|compiled)$')
	fi
	log="$MUS_BUILD/$preset/ctest-$1.log"
	ctest --test-dir "$MUS_BUILD/$preset" -L "$labels" "${choice[@]}" -j "$(nproc)" \
		--output-on-failure --no-tests=error 2>&1 | tee "$log" |
		grep --line-buffered -avE '^$|tests passed, |^Total Test time|^Internal ctest|^Label Time|sec\*proc' || true
	sum=$(sed -nE 's/.*tests passed, ([0-9]+) tests? failed out of ([0-9]+).*/\1 \2/p' "$log" | tail -n 1)
	[[ $sum ]] || die "ctest ran no tests with the label $labels${TESTS_KERNEL:+ for the kernel $TESTS_KERNEL} in build/$preset"
	printf '%s\n' "$sum" >"$STAGE_RESULT"
	[[ $sum == "0 "* ]]
}

tests_verdict() {
	local start=$1 percent=0
	printf '\n'
	printf '%s\n' "${STAGES_TIMES[@]}"
	printf '%7s  in all\n\n' "$(elapsed "$start")"
	((TESTS_TOTAL == 0)) || percent=$(((TESTS_TOTAL - TESTS_FAILED) * 100 / TESTS_TOTAL))
	# In ctest's words, over every ctest run above.
	((TESTS_TOTAL == 0)) || printf '%d%% tests passed, %d tests failed out of %d\n' \
		"$percent" "$TESTS_FAILED" "$TESTS_TOTAL"
	[[ ! $TESTS_FULL$TESTS_KERNEL ]] || kubelet_ready || kubelet_say_missing
	[[ $TESTS_KERNEL ]] || kernels_compiled ||
		say "SKIPPED: the tests on ${KERNELS_COMPILED[*]}, which './dev test --full' compiles, for all later runs"
	((${#STAGES_FAILED[@]} == 0)) ||
		die "failed:$(printf ' "%s"' "${STAGES_FAILED[@]}")"
	exit 0
}
