# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Libraries and tools that must be newer than the system's suite has them,
# unpacked into a prefix of our own. CMake finds them through MUS_DEPS:
#
#   include/         bpf/*.h, libelf.h, catch2/, httplib.h
#   include-bpf/     vmlinux.h with the kernel's sched_ext types
#   lib/             libbpf.a libelf.a libCatch2.a libCatch2Main.a
#   bin/             bpftool redis-server
#   root/usr         the unpacked packages (CMake's package files of Catch2)

deps_key() {
	digest <"$MUS_ROOT/scripts/deps.sh"
}

deps_ready() {
	[[ -e $MUS_CACHE/deps/.complete && $(<"$MUS_CACHE/deps/.complete") == "$(codename)-$(deps_key)" ]]
}

deps_setup() {
	deps_ready || with_lock deps deps_make
}

deps_fetch() {
	local package=$1 version=$2 into=$3
	[[ $version ]] || die "the mirror has no suitable version of $package"
	say "  $package $version"
	apt_extract "$package=$version" "$into"
}

# libelf.a of 0.189 to 0.195 lacks symbols that it uses itself, so nothing
# links statically with it.
deps_libelf_version() {
	apt_pick libelf-dev own 0.196~ || apt_pick libelf-dev own 0.186 0.189~ || true
}

deps_make() {
	deps_ready && return 0
	local name prefix root start=$SECONDS triplet
	name="$(codename)-$(deps_key)"
	prefix="$MUS_CACHE/prefix/$name"
	triplet="$(machine)-linux-gnu"
	say "fetching libraries that this Debian is too old for, into $prefix"
	apt_private_update
	rm -rf "$prefix"
	root="$prefix/root"
	mkdir -p "$prefix"/{include,include-bpf,lib,bin}
	# bpftool's skeletons name members of the libbpf it was released with,
	# so it is not taken much newer than that.
	deps_fetch libbpf-dev "$(apt_pick libbpf-dev own 1:1.4.6 1:1.6~ || true)" "$root"
	deps_fetch bpftool "$(apt_pick bpftool own 7.4 7.6~ || true)" "$root"
	deps_fetch libelf-dev "$(deps_libelf_version)" "$root"
	deps_fetch libcatch2-dev "$(apt_pick libcatch2-dev own 3.4 || true)" "$root"
	deps_fetch linux-bpf-dev "$(apt_pick linux-bpf-dev any 7.3 || true)" "$prefix/bpf"
	say "  httplib.h"
	apt_source cpp-httplib 0.41 "$prefix/httplib"
	ln -s ../root/usr/include/{bpf,catch2,libelf.h,gelf.h,elfutils} "$prefix/include/"
	install -m 644 "$prefix/httplib/httplib.h" "$prefix/include/"
	cp "$prefix/bpf/usr/include/$triplet/linux/bpf/vmlinux.h" "$prefix/include-bpf/"
	ln -s "../root/usr/lib/$triplet"/{libbpf.a,libelf.a} "$prefix/lib/"
	deps_link_catch2 "$prefix" "$triplet"
	ln -s ../root/usr/sbin/bpftool "$prefix/bin/"
	# One binary under three names; as "redis-check-rdb" it is in redis-tools.
	ln -s /usr/bin/redis-check-rdb "$prefix/bin/redis-server"
	rm -rf "$prefix"/{httplib,bpf,*.orig.tar.*} "$root/usr/share/doc"
	deps_prove "$prefix"
	printf '%s\n' "$name" >"$prefix/.complete"
	ln -sfn "prefix/$name" "$MUS_CACHE/deps"
	deps_prune
	say "libraries ready in $(elapsed "$start")"
}

# Old prefixes go, but for the latest, which a build may be reading right now.
deps_prune() {
	local old
	find "$MUS_CACHE/prefix" -mindepth 1 -maxdepth 1 -printf '%T@ %p\n' | sort -rn |
		tail -n +3 | while read -r _ old; do rm -rf "$old"; done
}

# The archive's directory differs between Debian's releases of Catch2.
deps_link_catch2() {
	local prefix=$1 triplet=$2 lib file
	for lib in libCatch2.a libCatch2Main.a; do
		for file in "$prefix/root/usr/lib/$triplet/$lib" "$prefix/root/usr/lib/$lib"; do
			[[ -e $file ]] && ln -s "../${file#"$prefix/"}" "$prefix/lib/$lib" && continue 2
		done
		die "the package libcatch2-dev has no $lib"
	done
}

# A static program that pulls in libbpf and libelf must link and run, and
# bpftool must start: better to learn it here than in the middle of a build.
deps_prove() {
	local prefix=$1 work
	work=$(mktemp -d)
	cat >"$work/t.cc" <<-'END'
		#include <bpf/libbpf.h>
		#include <cstdio>
		int main() {
			bpf_object_open_opts o{};
			o.sz = sizeof o;
			const char junk[64] = {};
			void *obj = bpf_object__open_mem(junk, sizeof junk, &o);
			std::printf("%s %d\n", libbpf_version_string(), obj == nullptr);
		}
	END
	g++ -static -I"$prefix/include" "$work/t.cc" -o "$work/t" \
		-L"$prefix/lib" -lbpf -lelf -lz -lzstd >"$work/log" 2>&1 ||
		{
			cat "$work/log" >&2
			die "libbpf and libelf do not link statically"
		}
	"$work/t" >/dev/null 2>&1 || die "a static program with libbpf does not run"
	"$prefix/bin/bpftool" version >/dev/null ||
		die "bpftool does not start; a library is missing: ldd $prefix/bin/bpftool"
	rm -rf "$work"
}
