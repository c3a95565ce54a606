# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# ./dev vm: run a command, or a shell, in a virtual machine.

vm_usage() {
	cat <<-'END'
		usage: ./dev vm [OPTION ...] [-- CMD ...]

		Boots a small virtual machine and runs CMD as root in it; without CMD, a
		shell (ctrl-a x ends the machine). CMD's exit status is this verb's. It
		starts in /share, if a directory is shared, with nothing to read.

		  --kernel SERIES   7.3 (default), 6.18, any other series from 6.16 that the
		                    mirror has, 6.12 (compiled; takes a while once), or
		                    6.12-debian (has no sched_ext)
		  --cpus N          processors (default 2)
		  --smp SPEC        QEMU's -smp, for topologies: cpus=8,cores=4,threads=2
		  --memory MB       (default 2048)
		  --share DIR       read-write at /share
		  --timeout S       give up after S seconds with status 124 (default 600)
		  --clock KIND      host (default), or instructions: the machine's time passes
		                    with those that it executes, 4 ns each, and not with the
		                    host's. Figures then repeat, whatever the host does besides;
		                    a second of two busy processors takes about five
		  --init systemd    a Debian with systemd as its first process
		  --init kubelet    the same with containerd and a kubelet, neither of them
		                    started; tests/vm/guest/kubelet-node.sh does that
		  --append ARGS     more for the kernel's command line
		  --qemu ARG        one more argument for QEMU; may be repeated

		Status 125: the machine ended without CMD's status. The console's log is
		kept in build/vm-logs/. Status 77: there is no kubelet, and what it is compiled
		from could not be fetched. Environment: MUS_VM_PRESET=asan takes the project's
		binaries from build/asan, MUS_VM_ACCEL=tcg or kvm overrides the choice,
		MUS_KUBELET names a kubelet to be taken instead of one that is compiled.
	END
}

vm() {
	local kernel=7.3 smp=2 memory=2048 share='' limit=600 init='' append='' extra=() clock=host
	while (($#)); do
		case $1 in
		--kernel | --cpus | --smp | --memory | --share | --timeout | --init | --append | --qemu | --clock)
			(($# > 1)) || die "vm: $1 wants a value"
			;;
		esac
		case $1 in
		--kernel) kernel=$2 ;;
		--cpus | --smp) smp=$2 ;;
		--memory) memory=$2 ;;
		--share) share=$(readlink -e "$2") || die "vm: no directory $2" ;;
		--timeout) limit=$2 ;;
		--init) init=$2 ;;
		--append) append=$2 ;;
		--qemu) extra+=("$2") ;;
		--clock) clock=$2 ;;
		--)
			shift
			break
			;;
		-h | --help)
			vm_usage
			return 0
			;;
		*) die "vm: no option '$1' (a command comes after --)" ;;
		esac
		shift 2
	done
	[[ -z $init || $init == systemd || $init == kubelet ]] || die "vm: --init knows systemd and kubelet"
	[[ $clock == host || $clock == instructions ]] || die "vm: --clock knows host and instructions"
	[[ -z $init || $# -gt 0 ]] || die "vm: --init $init wants a command"
	[[ $init != kubelet ]] || kubelet_image_get
	kernel_get "$kernel"
	vm_retrying "$@"
}

# A crash of the emulator's own making is told apart from ours and tried again.
vm_retrying() {
	local status=0 attempt
	for attempt in 1 2; do
		status=0
		vm_once "$@" || status=$?
		((status == 125 || status == 124)) || break
		vm_emulator_crash "$MUS_VM_LOG" || vm_timer_stopped "$MUS_VM_LOG" || break
		((attempt == 2)) || say "the emulated processor failed, and not what runs on it: trying again"
	done
	return "$status"
}

# Code that was patched, and an old translation of it ran.
vm_emulator_crash() {
	grep -aqE 'Oops: int3|text_poke.*BUG|kernel BUG at .*(jump_label|alternative)' "$1"
}

# An idle processor that no timer wakes any more. The kernel's words alone would
# also fit one that is kept busy; so it must have been found halted.
vm_timer_stopped() {
	grep -aq 'Possible timer handling issue on cpu' "$1" && grep -aq 'RIP: .*pv_native_safe_halt' "$1"
}

# One boot. The parts of the initramfs are joined in a directory that goes
# away with this function's subshell.
vm_once() {
	MUS_VM_LOG="$MUS_BUILD/vm-logs/$(date +%Y%m%d-%H%M%S)-$kernel-$BASHPID.log"
	mkdir -p "$MUS_BUILD/vm-logs"
	# What killed runs left behind.
	find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'mus-vm.*' -mmin +240 -exec rm -rf {} +
	(
		work=$(mktemp -d "${TMPDIR:-/tmp}/mus-vm.XXXXXX")
		trap 'rm -rf "$work"' EXIT
		trap 'exit 130' INT TERM HUP
		vm_boot "$work" "$@"
	)
}

vm_boot() {
	local work=$1 token status mode=cmd start=$SECONDS log=$MUS_VM_LOG command accel
	shift
	token="mus-vm-status-$BASHPID-$RANDOM"
	if [[ $init ]]; then mode=$init; elif (($# == 0)); then mode=shell; fi
	vm_initrd "$work" "$token" "$mode" "$@"
	accel=$(vm_accel "$clock")
	vm_command
	: >"$log"
	status=0
	if [[ $mode == shell ]]; then
		vm_shell || status=$?
	else
		# Not `timeout --foreground ... &`: the interrupt key must reach QEMU.
		"${command[@]}" -chardev stdio,id=out,signal=off </dev/null 2>"$work/err" |
			tee -a "$log" || status=${PIPESTATUS[0]}
	fi
	cat "$work/err" >>"$log" 2>/dev/null || true
	vm_verdict "$status" "$token"
}

# On a terminal, raw mode and ctrl-a keys; from a pipe, its end becomes ctrl-d.
vm_shell() {
	command+=(-chardev "stdio,id=out,mux=on,signal=off")
	say "kernel $(<"$(kernel_dir "$kernel")/release"), $accel; 'exit' or ctrl-a x ends it"
	if [[ -t 0 ]]; then
		"${command[@]}"
	else
		# The serial line has no room for what nobody reads yet.
		{
			until grep -aq "^$token ready" "$log"; do sleep 0.2; done
			cat
			# The end of input gets lost when a program is just running.
			while printf '\004'; do sleep 1; done 2>/dev/null
		} | "${command[@]}"
	fi
}

# What became of it, from the console's log rather than from QEMU.
vm_verdict() {
	local code=$1 token=$2 status log=$MUS_VM_LOG
	status=$(tr -d '\r' <"$log" | sed -n "s/^$token \([0-9]*\)\$/\1/p" | tail -n 1)
	if grep -aqE 'Oops:|BUG: |Kernel panic|general protection fault' "$log"; then
		say "the guest's kernel crashed:"
		grep -aE -A 12 'Oops:|BUG: |Kernel panic|general protection fault' "$log" | head -n 40 >&2
		say "the console's log: $log"
		return 125
	fi
	[[ -z $status ]] || return "$status"
	if ((code == 124 || code == 137)); then
		say "gave up after $(elapsed "$start") (--timeout $limit); the console's log: $log"
		return 124
	fi
	[[ $mode != shell ]] || return 0
	tail -n 15 "$log" >&2
	say "the machine ended without the command's status (QEMU: $code); the console's log: $log"
	return 125
}

vm_initrd() {
	local work=$1 token=$2 mode=$3 size=''
	shift 3
	mkdir -p "$work/last/etc"
	if [[ -t 0 && -t 1 ]]; then size=$(stty size | awk '{ print "rows", $1, "cols", $2 }'); fi
	printf 'TOKEN=%s\nMODE=%s\nSHARE=%s\nSIZE="%s"\n' \
		"$token" "$mode" "${share:+1}" "$size" >"$work/last/etc/vm.conf"
	{
		printf '#!/bin/bash\nexport TERM=dumb\n'
		[[ -z $share ]] || printf 'cd /share || exit 125\n'
		printf 'exec'
		printf ' %q' "$@"
		printf '\n'
	} >"$work/last/vm-command"
	chmod +x "$work/last/vm-command"
	vm_pack "$work/last" "$work/last.cpio"
	cat "$(vm_base_image)" "$(vm_modules_image "$kernel")" "$(vm_project_image)" \
		"$work/last.cpio" >"$work/initrd"
}

# tsc=reliable: emulated processors' clocks come from one, but their watchdog is
# sometimes late. It would switch sched_clock over by patching code, in a task
# that any scheduler may preempt half-way: time then stands still for it.
#
# Fills the array "command". The signal on the parent's death ends QEMU even
# when a test driver kills this script without warning.
vm_command() {
	local cpu=max machine_clock=(-accel "$accel")
	if [[ $accel == kvm ]]; then
		cpu=host
	elif [[ $clock == host ]]; then
		machine_clock=(-accel 'tcg,thread=multi')
	else
		machine_clock=(-accel 'tcg,thread=single' -icount 'shift=2,sleep=off')
	fi
	local dir
	dir=$(kernel_dir "$kernel")
	qemu_command
	command=(
		setpriv --pdeathsig TERM timeout --foreground -k 5 "$limit"
		setpriv --pdeathsig KILL "${QEMU_COMMAND[@]}"
		-nodefaults -no-user-config -display none -no-reboot
		"${machine_clock[@]}"
		-cpu "$cpu" -smp "$smp" -m "$memory"
		-kernel "$dir/vmlinuz" -initrd "$work/initrd"
		-append "console=ttyS0 quiet panic=-1 oops=panic mitigations=off nokaslr tsc=reliable $append"
		-chardev "file,id=log,path=$log,append=on"
		-serial chardev:log -serial chardev:out
	)
	[[ -z $share ]] || command+=(
		-fsdev "local,id=share,path=$share,security_model=none,multidevs=remap"
		-device "virtio-9p-pci,fsdev=share,mount_tag=share")
	[[ -z $init ]] || command+=(
		-drive "if=virtio,format=raw,readonly=on,file=$(vm_disk_image)")
	[[ $init != kubelet ]] || command+=(
		-drive "if=virtio,format=raw,readonly=on,file=$(kubelet_image)")
	command+=("${extra[@]}")
}

# For a machine with the clock $1: hardware virtualisation, if a machine that
# uses it really boots. That the device exists says little. The answer is
# remembered for this host's kernel.
vm_accel() {
	local memo answer=${MUS_VM_ACCEL:-}
	# No hardware counts instructions for us.
	[[ $1 == host && -w /dev/kvm ]] || answer=tcg
	if [[ $answer ]]; then
		printf '%s' "$answer"
		return
	fi
	answer=tcg
	memo="$MUS_CACHE/vm/accel-$({ uname -r; grep -m 1 'model name' /proc/cpuinfo; } | digest)"
	if [[ ! -e $memo ]]; then
		say "probing hardware virtualisation with a short boot"
		if MUS_VM_ACCEL=kvm "$MUS_ROOT/dev" vm --timeout 30 -- true >/dev/null 2>&1; then
			answer=kvm
		fi
		say "virtual machines will use $answer"
		printf '%s' "$answer" >"$memo.$BASHPID"
		mv "$memo.$BASHPID" "$memo"
	fi
	cat "$memo"
}
