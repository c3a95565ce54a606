# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The initramfs of the virtual machines. The kernel accepts several cpio
# archives one after the other, so each part is made and cached by itself:
# programs (rarely change), a kernel's modules, the project's binaries, and
# last a tiny one with the command of this very run. Nothing is compressed:
# unpacking costs more in an emulated machine than reading.

VM_PROGRAMS=(
	bash busybox bpftool chrt curl cyclictest hackbench ionice ip lscpu nsenter
	openssl prlimit redis-benchmark redis-cli redis-server renice setpriv
	strace stress-ng taskset unshare
)

# The directory's contents as a cpio archive. Written aside and moved, since
# several machines may start at once.
vm_pack() {
	local dir=$1 to=$2
	(cd "$dir" && find . -mindepth 1 -print0 |
		cpio --null --quiet --create --format=newc --owner=0:0) >"$to.$$"
	# The next archive must start at a multiple of four bytes.
	truncate -s %512 "$to.$$"
	mv "$to.$$" "$to"
}

# Copies programs, under the names they are called by, and every library that
# the loader would look for.
vm_copy_programs() {
	local root=$1 file name library
	shift
	for file in "$@"; do
		name=${file##*/}
		install -D -m 755 "$(readlink -f "$file")" "$root/usr/bin/$name"
		# Static programs have no libraries; that is no error.
		ldd "$file" 2>/dev/null | grep -oE '/[^ ]+' | while read -r library; do
			[[ -e $root/usr/${library#/usr/} ]] ||
				install -D -m 755 "$(readlink -f "$library")" "$root/usr/${library#/usr/}"
		done || true
	done
}

# Paths of the programs that this machine has.
vm_program_paths() {
	local name path
	for name in "${VM_PROGRAMS[@]}"; do
		path=$(PATH="$MUS_DEPS/bin:/usr/sbin:/sbin:$PATH" type -P "$name") || continue
		printf '%s\n' "$path"
	done
}

vm_base_image() {
	local paths key to
	mapfile -t paths < <(vm_program_paths)
	key=$({
		stat -L -c '%n %s %Y' "${paths[@]}"
		cat "$MUS_ROOT/scripts/vm-image.sh"
	} | digest)
	to="$MUS_CACHE/vm/base-$key.cpio"
	[[ -e $to ]] || with_lock vm-base vm_base_make "$to" "${paths[@]}"
	printf '%s' "$to"
}

vm_base_make() {
	local to=$1 root applet
	shift
	[[ -e $to ]] && return 0
	say "packing $# programs for the virtual machine"
	mkdir -p "$MUS_CACHE/vm"
	root=$(mktemp -d "$MUS_CACHE/vm/root.XXXXXX")
	mkdir -p "$root"/{dev,proc,sys,tmp,run,root,etc,var/log,project} \
		"$root"/usr/{bin,sbin,lib,lib64,local/bin,lib/ssl}
	ln -s usr/bin usr/sbin usr/lib usr/lib64 "$root/"
	ln -s /run "$root/var/run"
	vm_copy_programs "$root" "$@"
	for applet in $(busybox --list); do
		[[ -e $root/usr/bin/$applet ]] || ln -s busybox "$root/usr/bin/$applet"
	done
	cp /etc/ssl/openssl.cnf "$root/usr/lib/ssl/"
	printf 'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534::/:/bin/sh\n' >"$root/etc/passwd"
	printf 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n' >"$root/etc/group"
	printf '127.0.0.1 localhost mus-vm\n::1 localhost\n' >"$root/etc/hosts"
	vm_pack "$root" "$to"
	rm -rf "$root"
	vm_prune base 2
}

# Older images of a kind, but for the newest $2.
vm_prune() {
	local old
	find "$MUS_CACHE/vm" -maxdepth 1 -name "$1-*.cpio" -printf '%T@ %p\n' | sort -rn |
		tail -n "+$(($2 + 1))" | while read -r _ old; do rm -f "$old"; done
}

vm_modules_image() {
	local dir to work
	dir=$(kernel_dir "$1")
	to="$dir/modules.cpio"
	if [[ ! -e $to || $dir/release -nt $to ]]; then
		work=$(mktemp -d "$dir/pack.XXXXXX")
		mkdir -p "$work/usr"
		if [[ -d $dir/lib ]]; then cp -a "$dir/lib" "$work/usr/"; fi
		vm_pack "$work" "$to"
		rm -rf "$work"
	fi
	printf '%s' "$to"
}

# The project's own binaries: the daemon, and the tests' helper programs.
vm_project_files() {
	local dir="$MUS_BUILD/${MUS_VM_PRESET:-release}"
	if [[ -x $dir/mus-scheduler ]]; then printf '%s\n' "$dir/mus-scheduler"; fi
	if [[ -d $dir/vm-bin ]]; then
		find "$dir/vm-bin" -maxdepth 1 -type f -perm -u+x
	fi
}

# They are unpacked into /project, from where the first process puts them into
# whichever root the machine ends up with.
vm_project_image() {
	local files key to work
	mapfile -t files < <(vm_project_files)
	((${#files[@]})) ||
		say "nothing is built in build/${MUS_VM_PRESET:-release}: the machine comes without mus-scheduler"
	key=$({
		printf '%s\n' "${files[@]}"
		((${#files[@]} == 0)) || stat -c '%n %s %y' "${files[@]}"
		cat "$MUS_ROOT"/scripts/vm-{image,init}.sh
	} | digest)
	to="$MUS_CACHE/vm/project-$key.cpio"
	if [[ ! -e $to ]]; then
		work=$(mktemp -d "$MUS_CACHE/vm/root.XXXXXX")
		install -D -m 755 "$MUS_ROOT/scripts/vm-init.sh" "$work/init"
		mkdir -p "$work/project/usr/bin"
		vm_copy_programs "$work/project" "${files[@]}"
		vm_pack "$work" "$to"
		rm -rf "$work"
		vm_prune project 6
	fi
	printf '%s' "$to"
}
