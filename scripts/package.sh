# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# ./dev package: a .deb and a tarball. With --check they are also tried in a
# bare Debian 12: installed, upgraded, removed, purged; and the image for the
# DaemonSet is built by its recipe and run.

package() {
	local check=
	case ${1:-} in
	'') ;;
	--check) check=1 ;;
	*) die "package: no option '$1'; there is --check" ;;
	esac
	build_preset release
	package_make
	[[ ! $check ]] || {
		package_check
		package_image_check
	}
}

package_make() {
	local dir="$MUS_BUILD/release" log="$MUS_BUILD/release/package.log" file
	rm -rf "$dir/packages"
	if ! { ninja -C "$dir" package-files && (cd "$dir" && cpack); } >"$log" 2>&1; then
		tail -n 15 "$log" >&2
		die "no packages; see $log"
	fi
	for file in "$dir"/packages/*.deb "$dir"/packages/*.tar.gz; do
		say "${file#"$MUS_ROOT/"} ($(du -h "$file" | cut -f 1))"
	done
}

package_check() {
	local root
	((EUID == 0)) || die "package --check needs root"
	root=$(mktemp -d "${TMPDIR:-/var/tmp}/mus-package.XXXXXX")
	(
		trap 'chroot_remove "$root"' EXIT
		trap 'exit 130' INT TERM HUP
		chroot_make bookworm "$root"
		mkdir "$root/root/package"
		cp "$MUS_BUILD"/release/packages/*.deb "$MUS_BUILD"/release/packages/*.tar.gz \
			"$MUS_ROOT/tests/package.sh" "$root/root/package/"
		chroot_run "$root" sh /root/package/package.sh
	)
	say "package: installs, upgrades and purges in a bare Debian 12"
}

# Needs no registry: the recipe has no base image. In chroots and without
# overlays, so that it works inside a container, too.
package_image_check() {
	local dir="$MUS_BUILD/release/image" image=mus-scheduler:check
	local buildah=(buildah --root "$dir/root" --runroot "$dir/run" --storage-driver vfs) container files config
	local -x BUILDAH_ISOLATION=chroot
	packages_install "${PACKAGES_IMAGE[@]}"
	rm -rf "$dir"
	mkdir -p "$dir"
	if ! "${buildah[@]}" bud -t "$image" -f "$MUS_ROOT/manifests/Containerfile" "$MUS_BUILD/release" >"$dir/log" 2>&1; then
		tail -n 15 "$dir/log" >&2
		die "no image from manifests/Containerfile; see $dir/log"
	fi
	config=$("${buildah[@]}" inspect --type image --format '{{.OCIv1.Config.Entrypoint}} {{.OCIv1.Config.Cmd}}' "$image")
	[[ $config == "[/mus-scheduler] [run]" ]] || die "the image would start '$config'"
	container=$("${buildah[@]}" from --pull-never "$image")
	files=$(cd "$("${buildah[@]}" mount "$container")" && find . -type f)
	[[ $files == ./mus-scheduler ]] || die "there is more in the image than the program: $files"
	"${buildah[@]}" run "$container" -- /mus-scheduler version >"$dir/version" 2>>"$dir/log" ||
		die "the program does not run in its image; see $dir/log"
	say "image: $(head -n 1 "$dir/version") runs from scratch"
	rm -rf "$dir"
}
